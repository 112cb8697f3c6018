/** The event stream: connects, says where it has got to, and heals by itself, so that no event is lost or doubled. */

import { ProblemError } from "./problem.js";
import type { Session } from "./session.js";

/** A CloudEvent as it comes over the socket. `seq` is absent where an event is no part of the stream (`queue.stats`). */
export interface StreamEvent<Data = Record<string, unknown>> {
  type: string;
  id: string;
  time: string;
  epoch: string;
  seq?: number;
  subject?: string;
  contact_id?: string;
  caused_by?: string;
  data: Data;
}

export interface Snapshot {
  type: "snapshot";
  epoch: string;
  seq: number;
  data: Record<string, unknown[]>;
}

export type Subscription = "own" | "queues" | "agents" | "site";

/**
 * `live`: events come. `connecting`: they will, by themselves. `elsewhere`: another desktop has this agent.
 * `ended`: for good; the session is over, or the agent is no longer in the configuration.
 */
export type StreamState = "connecting" | "live" | "elsewhere" | "ended";

export interface StreamListener {
  /** All there is, replacing whatever was known. */
  onSnapshot(snapshot: Snapshot): void;
  onEvent(event: StreamEvent): void;
  /** @param reason With `ended` and `elsewhere` one of a few words to branch on, else for people who look for the cause. */
  onState(state: StreamState, reason: string): void;
  /** This desktop has another name from now on: its old one is in use by a copy of it. */
  onRenamed?(clientId: string): void;
}

/** Close codes after which a new attempt would end in the same way. */
const FINAL: Record<number, { state: StreamState; reason: string }> = {
  4004: { state: "ended", reason: "protocol" },
  4005: { state: "ended", reason: "unknown agent" },
  4006: { state: "ended", reason: "signed out" },
  4010: { state: "elsewhere", reason: "elsewhere" },
  4011: { state: "elsewhere", reason: "taken over" },
  4012: { state: "elsewhere", reason: "replaced" },
};
/** Close codes that say that the token, not the session, is no good any more. */
const TOKEN_REFUSED = [4001, 4002, 4003];
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
const PING_MS = 10_000;
/** A server silent for so long is taken for gone, whatever the system's TCP still believes. */
const SILENT_MS = 8_000;

export class EventStream {
  private socket: WebSocket | null = null;
  private position: { epoch: string; seq: number } | null = null;
  private attempts = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private stopped = true;
  private takeover = false;
  private tokenRefused = false;

  /**
   * @param clientId Names this desktop, the same after a reload: it takes over its own older connection silently.
   * @param subscribe What to be told; without, all that the role may see.
   */
  constructor(
    private readonly session: Session,
    private readonly listener: StreamListener,
    private clientId: string,
    private readonly subscribe?: Subscription[],
  ) {}

  /** @param takeover Take the agent over from another desktop, which is told so and closed. */
  start(takeover = false): void {
    this.stopped = false;
    this.takeover = takeover;
    this.attempts = 0;
    this.drop();
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    this.drop();
  }

  /** Try at once, as when the browser tells that the network is back. */
  wake(): void {
    if (this.stopped || this.socket?.readyState === WebSocket.CONNECTING) return;
    if (this.socket?.readyState === WebSocket.OPEN) this.ping();
    else this.start(this.takeover);
  }

  private drop(): void {
    clearTimeout(this.retry);
    clearInterval(this.heartbeat);
    clearTimeout(this.silence);
    this.silence = undefined;
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onclose = socket.onmessage = socket.onopen = null;
      socket.close();
    }
  }

  private async connect(): Promise<void> {
    this.listener.onState("connecting", "");
    let token: string;
    try {
      token = await (this.tokenRefused ? this.session.renewed() : this.session.accessToken());
      this.tokenRefused = false;
    } catch (error) {
      if (error instanceof ProblemError && error.status < 500) this.end("ended", "signed out");
      else this.again(String(error));
      return;
    }
    if (this.stopped || this.socket) return;
    const origin = this.session.base || globalThis.location.origin;
    const socket = new WebSocket(`${origin.replace(/^http/, "ws")}/v1/events`, ["ctid.v1"]);
    this.socket = socket;
    this.silence = setTimeout(() => this.again("silent"), SILENT_MS);
    socket.onopen = () => {
      socket.send(
        JSON.stringify({
          type: "hello",
          token,
          client_id: this.clientId,
          takeover: this.takeover,
          ...(this.subscribe && { subscribe: this.subscribe }),
          ...(this.position && { resume_from: this.position }),
        }),
      );
    };
    socket.onmessage = (message) => this.take(JSON.parse(message.data as string) as Record<string, unknown>);
    socket.onclose = (closed) => this.closed(closed);
  }

  private take(message: Record<string, unknown>): void {
    clearTimeout(this.silence);
    this.silence = undefined;
    if ("specversion" in message) {
      const event = message as unknown as StreamEvent;
      if (event.seq !== undefined) {
        // What came before the connection broke may come once more in a replay.
        if (this.position && event.epoch === this.position.epoch && event.seq <= this.position.seq) return;
        this.position = { epoch: event.epoch, seq: event.seq };
      }
      this.listener.onEvent(event);
      return;
    }
    switch (message.type) {
      case "snapshot": {
        const snapshot = message as unknown as Snapshot;
        this.position = { epoch: snapshot.epoch, seq: snapshot.seq };
        this.listener.onSnapshot(snapshot);
        break;
      }
      case "live":
        this.attempts = 0;
        this.takeover = false;
        this.position = { epoch: message.epoch as string, seq: message.seq as number };
        clearInterval(this.heartbeat);
        this.heartbeat = setInterval(() => this.ping(), PING_MS);
        this.listener.onState("live", "");
        break;
      case "token_expiring":
        void this.session.renewed().then((token) => this.say({ type: "token", token }), () => undefined);
        break;
    }
  }

  private ping(): void {
    this.say({ type: "ping" });
    this.silence ??= setTimeout(() => this.again("silent"), SILENT_MS);
  }

  private say(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private closed(closed: CloseEvent): void {
    this.socket = null;
    const final = FINAL[closed.code];
    if (closed.code === 4012) {
      // A tab that was duplicated has the name of its original; two with one name would replace each other for ever.
      this.clientId = crypto.randomUUID();
      this.listener.onRenamed?.(this.clientId);
    }
    this.tokenRefused = TOKEN_REFUSED.includes(closed.code);
    if (final) this.end(final.state, final.reason);
    else this.again(closed.reason || `closed with ${closed.code}`);
  }

  private end(state: StreamState, reason: string): void {
    this.drop();
    this.stopped = true;
    this.listener.onState(state, reason);
  }

  private again(reason: string): void {
    this.drop();
    if (this.stopped) return;
    this.listener.onState("connecting", reason);
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.attempts);
    this.attempts += 1;
    // Chance, so that a thousand desktops do not come back in the same instant.
    this.retry = setTimeout(() => void this.connect(), longest * (0.5 + Math.random() / 2));
  }
}
