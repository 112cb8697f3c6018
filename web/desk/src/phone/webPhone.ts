/** The browser as the agent's phone: SIP over WebSocket and WebRTC, by JsSIP. */

import { UA, WebSocketInterface } from "jssip";
import type { IncomingRTCSessionEvent, RTCSessionEvent } from "jssip/lib/UA";
import type { EndEvent, RTCSession } from "jssip/lib/RTCSession";

import { type Audio, MicrophoneError, type Mix } from "./audio";
import { type Ability, type DialOptions, type Phone, PhoneError } from "./phone";
import { RETURN, type Keep, type Kept, keepCalls, replacesHeader, takeCalls } from "./returning";
import { type NewCall, PhoneStore } from "./state";

export interface Registration {
  url: string;
  uri: string;
  username: string;
  password: string;
  ice_servers: { urls: string[]; username?: string | null; credential?: string | null }[];
}

/** What of JsSIP's user agent is used here. */
export type UserAgent = Pick<UA, "start" | "stop" | "call" | "register" | "on">;
export type MakeUserAgent = (registration: Registration) => UserAgent;

/** JsSIP tells of a dialog's tags nowhere else. */
interface Dialog {
  id: { call_id: string; local_tag: string; remote_tag: string };
}

const REGISTER_AGAIN_MS = 5_000;
/** Host addresses come at once; one that a STUN server tells is waited for so long, and no longer. */
const GATHERING_MS = 500;
const DIGIT_MS = 120;
/** A connection that has failed and is not back after so long is not coming back. */
const GIVE_UP_MS = 10_000;

/** How long the audio of a call may take to find its way before it is sought anew, and how often that is done. */
const WAY_WITHIN_MS = 4_000;
const WAYS_SOUGHT = 4;

const CAUSES: Record<string, string> = {
  Terminated: "ended",
  Canceled: "missed",
  "Answered elsewhere": "elsewhere",
  Busy: "busy",
  Rejected: "rejected",
  "No Answer": "no-answer",
  Expires: "no-answer",
  "Not Found": "unknown-number",
  "Address Incomplete": "unknown-number",
  Unavailable: "unavailable",
  "Connection Error": "connection",
  "Request Timeout": "connection",
  "RTP Timeout": "connection",
  "WebRTC Error": "media",
  "Bad Media Description": "media",
  "Incompatible SDP": "media",
  "User Denied Media Access": "microphone-denied",
};

export class WebPhone implements Phone {
  readonly kind = "web";
  readonly abilities: ReadonlySet<Ability> = new Set(["answer", "hold", "mute", "digits", "refer", "lines", "conference"]);
  private readonly store = new PhoneStore();
  private readonly sessions = new Map<string, RTCSession>();
  private readonly microphones = new Map<string, MediaStreamTrack>();
  private readonly heard = new Map<string, MediaStream>();
  private ua: UserAgent | null = null;
  private iceServers: RTCIceServer[] = [];
  private again: ReturnType<typeof setTimeout> | undefined;
  private mix: Mix | null = null;
  private stopped = true;
  private lost = false;

  /**
   * @param registration Asked anew for every attempt: the password may have changed.
   * @param storage Where calls are kept while the page is loaded anew; this tab's own.
   */
  constructor(
    private readonly registration: () => Promise<Registration>,
    private readonly audio: Audio,
    private readonly makeUserAgent: MakeUserAgent = userAgent,
    private readonly storage: Keep = sessionStorage,
  ) {
    audio.onBlocked = (on) => this.store.tell({ type: "fault", fault: "sound-blocked", on });
  }

  readonly now = () => this.store.now();
  readonly watch = (watcher: () => void) => this.store.watch(watcher);

  start(): void {
    this.stopped = false;
    window.addEventListener("pagehide", this.leave);
    void this.connect();
    void this.check();
  }

  /**
   * The page goes. Without a goodbye the PBX keeps our legs for a while, so that the page that comes after can take
   * them up. (One that goes for good ends them thereby only after the PBX's `rtp_timeout`.) We stay registered, too:
   * an agent whose phone is gone would be taken out of READY.
   */
  private readonly leave = (): void => {
    const calls = this.now().calls.flatMap((call): Kept[] => {
      const session = this.sessions.get(call.id) as (RTCSession & { _dialog?: Dialog | null }) | undefined;
      if (!session?.isEstablished() || !session._dialog) {
        session?.terminate();
        return [];
      }
      const { call_id: callId, local_tag: localTag, remote_tag: remoteTag } = session._dialog.id;
      return [{ call, dialog: { callId, localTag, remoteTag } }];
    });
    keepCalls(this.storage, { calls, muted: this.now().muted }, Date.now());
  };

  stop(): void {
    this.stopped = true;
    window.removeEventListener("pagehide", this.leave);
    clearTimeout(this.again);
    this.ua?.stop();
    this.ua = null;
    this.store.tell({ type: "line", line: "off" });
  }

  /** Look whether the microphone can be used, and say so if it cannot. */
  async check(): Promise<void> {
    try {
      await this.audio.ask();
      this.microphoneFault(null);
    } catch (error) {
      this.microphoneFault(error);
    }
  }

  private async connect(): Promise<void> {
    this.store.tell({ type: "line", line: "connecting" });
    try {
      const registration = await this.registration();
      if (this.stopped || this.ua) return;
      this.iceServers = registration.ice_servers.map(({ urls, username, credential }) => ({
        urls,
        ...(username && { username }),
        ...(credential && { credential }),
      }));
      this.ua = this.makeUserAgent(registration);
    } catch {
      this.later(() => void this.connect());
      return;
    }
    this.ua.on("registered", () => this.registered());
    this.ua.on("disconnected", () => {
      this.lost = true;
      this.line("connecting");
    });
    this.ua.on("registrationFailed", ({ cause }: { cause?: unknown }) => {
      this.line(["Connection Error", "Request Timeout"].includes(String(cause)) ? "connecting" : "refused");
      this.later(() => this.ua?.register());
    });
    this.ua.on("newRTCSession", (event: RTCSessionEvent) => {
      if (String(event.originator) === "remote") this.rang(event as IncomingRTCSessionEvent);
    });
    this.ua.start();
  }

  private line(line: "connecting" | "registered" | "refused"): void {
    if (!this.stopped) this.store.tell({ type: "line", line });
  }

  private later(what: () => void): void {
    clearTimeout(this.again);
    this.again = setTimeout(what, REGISTER_AGAIN_MS * (0.5 + Math.random()));
  }

  private registered(): void {
    clearTimeout(this.again);
    this.line("registered");
    void this.takeUp();
    if (!this.lost) return;
    this.lost = false;
    // The PBX still has the old socket as the way to us, and ours may be another network by now: tell it anew.
    this.sessions.forEach((session) => {
      if (!session.isEstablished()) return;
      const iceRestart = ["failed", "disconnected"].includes(session.connection.iceConnectionState);
      session.renegotiate({ rtcOfferConstraints: { iceRestart } });
    });
  }

  /** Have the calls back that the page before this one was in. */
  private async takeUp(): Promise<void> {
    const renamed = new Map<string, string>();
    const { calls, muted } = takeCalls(this.storage, Date.now());
    for (const { call, dialog } of calls) {
      const track = await this.microphone().catch(() => null);
      if (!this.ua || !track) return;
      const extraHeaders = [replacesHeader(dialog)];
      const session = this.ua.call(RETURN, { mediaStream: new MediaStream([track]), extraHeaders, ...this.media() });
      const { id } = session;
      renamed.set(call.id, id);
      this.microphones.set(id, track);
      const { direction, number, name, contactId, offerId } = call;
      const consultingFor = (call.consultingFor && renamed.get(call.consultingFor)) ?? null;
      this.follow(session, { id, direction, number, name, contactId, offerId, consultingFor, returning: true }, call.answeredAt);
      if (muted) await this.mute(true);
      await this.settled(session);
      if (call.state === "held") await this.hold(id).catch(() => undefined);
    }
  }

  /** Settles once the call is answered or over. */
  private settled(session: RTCSession): Promise<void> {
    return new Promise((resolve) => {
      session.on("accepted", () => resolve());
      session.on("failed", () => resolve());
    });
  }

  private rang({ session, request }: IncomingRTCSessionEvent): void {
    const header = (name: string) => request.getHeader(name) || null;
    this.follow(session, {
      id: session.id,
      direction: "in",
      number: String(session.remote_identity.uri.user ?? ""),
      name: session.remote_identity.display_name,
      contactId: header("X-Ctid-Contact"),
      offerId: header("X-Ctid-Offer"),
    });
    if (/answer-after=0/.test(header("Call-Info") ?? "")) void this.answer(session.id).catch(() => undefined);
    else void this.check();
  }

  async dial(number: string, { consultingFor }: DialOptions = {}): Promise<void> {
    if (!this.ua || this.now().line !== "registered") throw new PhoneError("not-registered");
    await this.holdOthers(null);
    const track = await this.microphone();
    const session = this.ua.call(number, { mediaStream: new MediaStream([track]), ...this.media() });
    this.microphones.set(session.id, track);
    this.follow(session, { id: session.id, direction: "out", number, consultingFor: consultingFor ?? null });
  }

  async answer(id: string): Promise<void> {
    const session = this.sessions.get(id);
    if (!session || this.store.call(id)?.state !== "ringing") return;
    const track = await this.microphone();
    await this.holdOthers(id);
    if (session.isEnded()) {
      track.stop();
      return;
    }
    this.microphones.set(id, track);
    session.answer({ mediaStream: new MediaStream([track]), ...this.media() });
  }

  hangUp(id: string): Promise<void> {
    const session = this.sessions.get(id);
    if (session && !session.isEnded()) {
      // 603 would be a "no" for all phones; 486 only says that this one won't.
      session.terminate(this.store.call(id)?.state === "ringing" ? { status_code: 486 } : {});
    }
    return Promise.resolve();
  }

  hold(id: string): Promise<void> {
    return this.renegotiated(id, (session, done) => session.hold({}, done));
  }

  swap(id: string): Promise<void> {
    return this.retrieve(id);
  }

  async retrieve(id: string): Promise<void> {
    await this.holdOthers(id);
    await this.renegotiated(id, (session, done) => session.unhold({}, done));
  }

  mute(on: boolean): Promise<void> {
    this.store.tell({ type: "muted", on });
    this.mix?.mute(on);
    if (!this.mix) this.sessions.forEach((session) => this.obeyMute(session));
    return Promise.resolve();
  }

  digits(id: string, tones: string): Promise<void> {
    const session = this.sessions.get(id);
    if (session?.isEstablished()) {
      session.sendDTMF(tones, { duration: DIGIT_MS, transportType: "RFC2833" as never });
    }
    return Promise.resolve();
  }

  refer(id: string, number: string): Promise<void> {
    return this.transferred(id, number);
  }

  async complete(consultation: string): Promise<void> {
    const call = this.store.call(consultation);
    const session = this.sessions.get(consultation);
    if (!call?.consultingFor || !session) throw new PhoneError("nothing-to-transfer");
    this.endMix();
    await this.transferred(call.consultingFor, call.number, session);
    await this.hangUp(consultation);
  }

  async conference(on: boolean): Promise<void> {
    const calls = this.now().calls.filter(({ answeredAt }) => answeredAt !== null);
    if (!on) {
      this.endMix();
      const last = calls.at(-1);
      if (last) await this.holdOthers(last.id);
      return;
    }
    if (calls.length < 2) throw new PhoneError("nobody-to-join");
    for (const call of calls.filter(({ state }) => state === "held")) {
      await this.renegotiated(call.id, (session, done) => session.unhold({}, done));
    }
    const mix = this.audio.mix(new Map(this.heard), await this.microphone());
    this.mix = mix;
    mix.mute(this.now().muted);
    await Promise.all(
      [...this.sessions].map(async ([id, session]) => {
        // The mix has the mute now: to silence the sender would silence the others of the conference, too.
        session.unmute({ audio: true });
        await sender(session)?.replaceTrack(mix.track(id) ?? null);
      }),
    );
    this.store.tell({ type: "conference", on: true });
  }

  private endMix(): void {
    if (!this.mix) return;
    this.mix.end();
    this.mix = null;
    this.sessions.forEach((session, id) => {
      if (session.isEnded()) return;
      void sender(session)?.replaceTrack(this.microphones.get(id) ?? null);
      this.obeyMute(session);
    });
    this.store.tell({ type: "conference", on: false });
  }

  private follow(session: RTCSession, call: NewCall, answeredAt: number | null = null): void {
    const { id } = call;
    this.sessions.set(id, session);
    this.store.tell({ type: "began", call, at: Date.now() });
    session.on("peerconnection", ({ peerconnection }) => this.listen(id, peerconnection));
    if (session.connection) this.listen(id, session.connection);
    let gathered: ReturnType<typeof setTimeout> | undefined;
    session.on("icecandidate", ({ candidate, ready }) => {
      if (this.iceServers.length === 0 || candidate.type === "srflx" || candidate.type === "relay") ready();
      else gathered ??= setTimeout(ready, GATHERING_MS);
    });
    session.on("accepted", () => {
      this.store.tell({ type: "answered", id, at: Date.now(), ...(answeredAt !== null && { answeredAt }) });
      this.obeyMute(session);
      this.seekWay(session, WAYS_SOUGHT);
    });
    session.on("hold", ({ originator }) => this.tellHold("held", id, String(originator)));
    session.on("unhold", ({ originator }) => this.tellHold("retrieved", id, String(originator)));
    const over = ({ originator, cause }: EndEvent) => {
      clearTimeout(gathered);
      this.over(id, String(originator) === "local" && cause !== "WebRTC Error" ? "ended" : (CAUSES[cause] ?? "failed"));
    };
    session.on("ended", over);
    session.on("failed", over);
  }

  /**
   * See to it that the call has audio. Either side may have given up by itself as the other was not ready yet: who has
   * (RFC 8445, section 6.1.4.3) answers no check any more, and only new ones between new names bring them together.
   */
  private seekWay(session: RTCSession, times: number): void {
    setTimeout(() => {
      if (session.isEnded() || session.connection.connectionState === "connected") return;
      // Asked while there is no way for SIP either, JsSIP would end the call; once there is, `registered` asks.
      if (!this.lost) session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
      if (times > 1) this.seekWay(session, times - 1);
    }, WAY_WITHIN_MS);
  }

  private tellHold(type: "held" | "retrieved", id: string, originator: string): void {
    this.store.tell({ type, id, at: Date.now(), byOther: originator === "remote" });
  }

  private listen(id: string, connection: RTCPeerConnection): void {
    connection.addEventListener("track", ({ track }) => {
      const stream = new MediaStream([track]);
      this.heard.set(id, stream);
      this.audio.play(id, stream);
    });
    // The PBX was restarted, or gave us up while we were away: nobody tells us that the call is over.
    connection.addEventListener("connectionstatechange", () => {
      if (connection.connectionState !== "failed") return;
      setTimeout(() => {
        const session = this.sessions.get(id);
        if (connection.connectionState === "failed" && session?.isEstablished()) session.terminate();
      }, GIVE_UP_MS);
    });
  }

  private over(id: string, cause: string): void {
    this.sessions.delete(id);
    this.microphones.get(id)?.stop();
    this.microphones.delete(id);
    this.heard.delete(id);
    this.audio.stop(id);
    if (this.sessions.size < 2) this.endMix();
    this.store.tell({ type: "ended", id, cause, at: Date.now() });
  }

  private media() {
    return {
      mediaConstraints: { audio: true, video: false },
      pcConfig: { iceServers: this.iceServers, rtcpMuxPolicy: "require" as const },
    };
  }

  private async microphone(): Promise<MediaStreamTrack> {
    try {
      const track = await this.audio.track();
      this.microphoneFault(null);
      return track;
    } catch (error) {
      this.microphoneFault(error);
      throw error instanceof MicrophoneError ? new PhoneError(error.fault) : error;
    }
  }

  private microphoneFault(error: unknown): void {
    const found = error instanceof MicrophoneError ? error.fault : null;
    for (const fault of ["microphone-denied", "microphone-missing", "microphone-busy", "insecure-page"] as const) {
      this.store.tell({ type: "fault", fault, on: fault === found });
    }
  }

  private obeyMute(session: RTCSession): void {
    if (!session.isEstablished()) return;
    if (this.now().muted) session.mute({ audio: true });
    else session.unmute({ audio: true });
  }

  private async holdOthers(id: string | null): Promise<void> {
    if (this.now().conference) return;
    const talking = this.now().calls.filter((call) => call.id !== id && call.state === "connected");
    await Promise.all(talking.map((call) => this.hold(call.id)));
  }

  /** Settles once the other side agreed, or the call is over. */
  private renegotiated(id: string, begin: (session: RTCSession, done: () => void) => boolean): Promise<void> {
    const session = this.sessions.get(id);
    if (!session?.isEstablished()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      session.on("ended", () => resolve());
      if (!begin(session, resolve)) reject(new PhoneError("busy-changing"));
    });
  }

  private transferred(id: string, number: string, replaces?: RTCSession): Promise<void> {
    const session = this.sessions.get(id);
    if (!session?.isEstablished()) return Promise.reject(new PhoneError("nothing-to-transfer"));
    return new Promise((resolve, reject) => {
      session.refer(number, {
        ...(replaces && { replaces }),
        eventHandlers: {
          // The PBX now waits for our BYE.
          accepted: () => {
            if (!session.isEnded()) session.terminate();
            resolve();
          },
          requestFailed: () => reject(new PhoneError("transfer-refused")),
          failed: () => reject(new PhoneError("transfer-failed")),
        },
      });
      session.on("ended", () => resolve());
    });
  }
}

function sender(session: RTCSession): RTCRtpSender | undefined {
  return session.connection.getSenders()[0];
}

function userAgent({ url, uri, username, password }: Registration): UserAgent {
  return new UA({
    sockets: [new WebSocketInterface(url)],
    uri,
    authorization_user: username,
    password,
    session_timers: false,
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 5,
  });
}
