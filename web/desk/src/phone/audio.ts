/** Microphone, loudspeakers and what goes through them: devices, levels, and the mix of a conference. */

import type { Fault } from "./state";

export interface AudioChoice {
  /** Device ids; empty for the system's own choice. */
  microphone: string;
  speaker: string;
  ringer: string;
  /** 0 to 1. */
  ringVolume: number;
}

const KEY = "ctid.audio";
const SYSTEM: AudioChoice = { microphone: "", speaker: "", ringer: "", ringVolume: 0.6 };

const FAULTS: Record<string, Fault> = {
  NotAllowedError: "microphone-denied",
  SecurityError: "microphone-denied",
  NotFoundError: "microphone-missing",
  OverconstrainedError: "microphone-missing",
  NotReadableError: "microphone-busy",
  AbortError: "microphone-busy",
};

/** The microphone cannot be used. */
export class MicrophoneError extends Error {
  constructor(readonly fault: Fault) {
    super(fault);
    this.name = "MicrophoneError";
  }
}

export class Audio {
  private microphone: Promise<MediaStream> | null = null;
  private context: AudioContext | null = null;
  private readonly players = new Map<string, HTMLAudioElement>();
  private readonly meters = new Map<string, AnalyserNode>();
  private choiceNow: AudioChoice;
  /** Called when the browser does not let sound out before somebody touches the page, and when it does again. */
  onBlocked: (blocked: boolean) => void = () => undefined;

  constructor() {
    this.choiceNow = { ...SYSTEM, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<AudioChoice>) };
  }

  get choice(): AudioChoice {
    return this.choiceNow;
  }

  /** Devices by kind; their names are known only once the microphone was allowed. */
  async devices(): Promise<{ microphones: MediaDeviceInfo[]; speakers: MediaDeviceInfo[] }> {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const of = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind && device.deviceId);
    return { microphones: of("audioinput"), speakers: of("audiooutput") };
  }

  /** Keep a choice. A new microphone counts from the next call on, everything else at once. */
  choose(change: Partial<AudioChoice>): void {
    this.choiceNow = { ...this.choiceNow, ...change };
    localStorage.setItem(KEY, JSON.stringify(this.choiceNow));
    if (change.speaker !== undefined) this.players.forEach((player) => void sink(player, change.speaker ?? ""));
    if (change.microphone !== undefined && this.players.size === 0) this.release();
  }

  /**
   * A track of the microphone for one call; each call has its own, so that one may be silent alone.
   *
   * @throws MicrophoneError
   */
  async track(): Promise<MediaStreamTrack> {
    this.microphone ??= this.open();
    try {
      const track = (await this.microphone).getAudioTracks()[0];
      if (track?.readyState === "live") return track.clone();
      // Unplugged since.
      this.microphone = this.open();
      return (await this.microphone).getAudioTracks()[0]!.clone();
    } catch (error) {
      this.microphone = null;
      throw error;
    }
  }

  /** Ask for the microphone before it is needed, so that the browser's question does not come while it rings. */
  async ask(): Promise<void> {
    (await this.track()).stop();
    if (this.players.size === 0) this.release();
  }

  /** Switch the microphone off: the browser shows that nobody listens. */
  release(): void {
    void this.microphone?.then(
      (stream) => stream.getTracks().forEach((track) => track.stop()),
      () => undefined,
    );
    this.microphone = null;
    this.meters.delete("microphone");
  }

  /** Let a call be heard. */
  play(id: string, stream: MediaStream): void {
    const player = this.players.get(id) ?? document.createElement("audio");
    player.autoplay = true;
    player.dataset.testid = "remote-audio";
    player.dataset.call = id;
    player.hidden = true;
    player.srcObject = stream;
    document.body.append(player);
    this.players.set(id, player);
    this.meters.delete(id);
    if (this.choiceNow.speaker) void sink(player, this.choiceNow.speaker);
    void this.start(player);
  }

  private async start(player: HTMLAudioElement): Promise<void> {
    try {
      await player.play();
      this.onBlocked(false);
    } catch (error) {
      if ((error as Error).name !== "NotAllowedError") return;
      this.onBlocked(true);
      const again = () => void this.start(player);
      document.addEventListener("pointerdown", again, { once: true });
      document.addEventListener("keydown", again, { once: true });
    }
  }

  stop(id: string): void {
    this.players.get(id)?.remove();
    this.players.delete(id);
    this.meters.delete(id);
    if (this.players.size === 0) this.release();
  }

  /** How loud it is now, 0 to 1: `microphone` or the id of a call. */
  level(source: string): number {
    const meter = this.meters.get(source);
    if (!meter) {
      void this.listen(source);
      return 0;
    }
    const samples = new Float32Array(meter.fftSize);
    meter.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // −60 dB shows as nothing, full scale as all.
    return power === 0 ? 0 : Math.max(0, Math.min(1, 1 + (10 * Math.log10(power)) / 60));
  }

  private async listen(source: string): Promise<void> {
    const stream =
      source === "microphone" ? await this.microphone?.catch(() => null) : (this.players.get(source)?.srcObject as MediaStream);
    if (!stream || this.meters.has(source)) return;
    const meter = this.ready().createAnalyser();
    meter.fftSize = 1_024;
    this.ready().createMediaStreamSource(stream).connect(meter);
    this.meters.set(source, meter);
  }

  /** What the others of a conference and the microphone say, as one track for each call. */
  mix(calls: Map<string, MediaStream>, microphone: MediaStreamTrack): Mix {
    return new Mix(this.ready(), calls, microphone);
  }

  private ready(): AudioContext {
    this.context ??= new AudioContext();
    if (this.context.state === "suspended") void this.context.resume();
    return this.context;
  }

  private async open(): Promise<MediaStream> {
    if (!navigator.mediaDevices) throw new MicrophoneError("insecure-page");
    const { microphone } = this.choiceNow;
    try {
      return await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, ...(microphone && { deviceId: { ideal: microphone } }) },
      });
    } catch (error) {
      throw new MicrophoneError(FAULTS[(error as Error).name] ?? "microphone-busy");
    }
  }
}

/** A conference in the page: everybody hears everybody but themselves. */
export class Mix {
  private readonly gain: GainNode;
  private readonly nodes: AudioNode[] = [];
  private readonly out = new Map<string, MediaStreamAudioDestinationNode>();

  constructor(
    context: AudioContext,
    calls: Map<string, MediaStream>,
    private readonly microphone: MediaStreamTrack,
  ) {
    this.gain = context.createGain();
    const own = context.createMediaStreamSource(new MediaStream([microphone]));
    own.connect(this.gain);
    this.nodes.push(own, this.gain);
    calls.forEach((_, id) => {
      const destination = context.createMediaStreamDestination();
      this.gain.connect(destination);
      this.out.set(id, destination);
    });
    calls.forEach((stream, id) => {
      const source = context.createMediaStreamSource(stream);
      this.nodes.push(source);
      this.out.forEach((destination, other) => other !== id && source.connect(destination));
    });
  }

  track(id: string): MediaStreamTrack | undefined {
    return this.out.get(id)?.stream.getAudioTracks()[0];
  }

  mute(on: boolean): void {
    this.gain.gain.value = on ? 0 : 1;
  }

  end(): void {
    this.nodes.forEach((node) => node.disconnect());
    this.microphone.stop();
  }
}

/** Firefox has no choice of loudspeakers before 116; there it stays with the system's. */
export async function sink(player: HTMLAudioElement, device: string): Promise<void> {
  try {
    await player.setSinkId?.(device);
  } catch {
    // The device is gone: the system's own is better than none.
    await player.setSinkId?.("");
  }
}
