import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { ProblemError } from "./problem.js";
import type { Session } from "./session.js";
import { EventStream, type Snapshot, type StreamEvent, type StreamState } from "./stream.js";

/** A socket that the test is the other end of. */
class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((closed: { code: number; reason: string }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }

  close(): void {
    this.readyState = 3;
  }

  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
  }
}

const event = (seq: number, epoch = "e1") => ({ specversion: "1.0", type: "x", id: `${seq}`, time: "", epoch, seq, data: {} });

function started(session: Partial<Session> = {}) {
  const told = { events: [] as StreamEvent[], snapshots: [] as Snapshot[], states: [] as [StreamState, string][], names: [] as string[] };
  const signedIn = { base: "http://ctid", accessToken: () => Promise.resolve("t1"), renewed: () => Promise.resolve("t2"), ...session };
  const stream = new EventStream(
    signedIn as Session,
    {
      onEvent: (each) => told.events.push(each),
      onSnapshot: (each) => told.snapshots.push(each),
      onState: (state, reason) => told.states.push([state, reason]),
      onRenamed: (name) => told.names.push(name),
    },
    "tab-1",
  );
  stream.start();
  return { stream, told };
}

async function live(seq: number): Promise<FakeSocket> {
  await vi.advanceTimersByTimeAsync(0);
  const socket = FakeSocket.last;
  socket.open();
  socket.say({ type: "snapshot", epoch: "e1", seq, data: {} });
  socket.say({ type: "live", epoch: "e1", seq });
  return socket;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  FakeSocket.all = [];
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the event stream", () => {
  it("says hello with token and name, and takes the snapshot", async () => {
    const { told } = started();
    const socket = await live(7);
    expect(socket.url).toBe("ws://ctid/v1/events");
    expect(socket.sent[0]).toEqual({ type: "hello", token: "t1", client_id: "tab-1", takeover: false });
    expect(told.snapshots).toHaveLength(1);
    expect(told.states.at(-1)).toEqual(["live", ""]);
  });

  it("resumes where it had got to, and takes no event twice", async () => {
    const { told } = started();
    (await live(7)).say(event(8));
    FakeSocket.last.end(1006);
    await vi.advanceTimersByTimeAsync(5_000);
    const again = FakeSocket.last;
    again.open();
    expect(again.sent[0]).toMatchObject({ resume_from: { epoch: "e1", seq: 8 } });
    [event(8), event(9), event(9), event(11)].forEach((each) => again.say(each));
    expect(told.events.map(({ seq }) => seq)).toEqual([8, 9, 11]);
  });

  it("takes events of another stream, though their numbers are smaller", async () => {
    const { told } = started();
    const socket = await live(50);
    socket.say({ type: "resync_required", epoch: "e2", seq: 3 });
    socket.say({ type: "snapshot", epoch: "e2", seq: 3, data: {} });
    socket.say(event(4, "e2"));
    expect(told.events.map(({ seq }) => seq)).toEqual([4]);
  });

  it("passes on what is no part of the stream, every time", async () => {
    const { told } = started();
    const socket = await live(7);
    const stats = { specversion: "1.0", type: "queue.stats", id: "q", time: "", epoch: "e1", data: {} };
    socket.say(stats);
    socket.say(stats);
    expect(told.events).toHaveLength(2);
  });

  it("waits longer each time, but never longer than 5 s, and starts anew once it was live", async () => {
    vi.spyOn(Math, "random").mockReturnValue(1);
    started();
    await vi.advanceTimersByTimeAsync(0);
    for (const wait of [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
      const before = FakeSocket.all.length;
      FakeSocket.last.end(1006);
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(FakeSocket.all).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(FakeSocket.all).toHaveLength(before + 1);
    }
    (await live(1)).end(1012);
    const before = FakeSocket.all.length;
    await vi.advanceTimersByTimeAsync(250);
    expect(FakeSocket.all).toHaveLength(before + 1);
  });

  it("gives a socket up that answers no ping", async () => {
    const { told } = started();
    const socket = await live(7);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket.sent.at(-1)).toEqual({ type: "ping" });
    await vi.advanceTimersByTimeAsync(8_000);
    expect(told.states.at(-1)).toEqual(["connecting", "silent"]);
    expect(socket.readyState).toBe(3);
  });

  it("gives a socket up that says nothing from the beginning", async () => {
    const { told } = started();
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.open();
    await vi.advanceTimersByTimeAsync(8_000);
    expect(told.states.at(-1)).toEqual(["connecting", "silent"]);
  });

  it("sends the next token before the old one ends", async () => {
    started();
    const socket = await live(7);
    socket.say({ type: "token_expiring", expires_at: "" });
    await vi.advanceTimersByTimeAsync(0);
    expect(socket.sent.at(-1)).toEqual({ type: "token", token: "t2" });
  });

  it("renews a token that was refused before it tries again", async () => {
    started();
    (await live(7)).end(4003);
    await vi.advanceTimersByTimeAsync(5_000);
    FakeSocket.last.open();
    expect(FakeSocket.last.sent[0]).toMatchObject({ token: "t2" });
  });

  it("ends for good when the session is over", async () => {
    const over = new ProblemError({ type: "", title: "", status: 401, code: "session-ended" });
    const { told } = started({ accessToken: () => Promise.reject(over) });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.states.at(-1)).toEqual(["ended", "signed out"]);
    expect(FakeSocket.all).toHaveLength(0);
  });

  it("stays away from an agent who works elsewhere, until it is told to take over", async () => {
    const { stream, told } = started();
    (await live(7)).end(4011);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.states.at(-1)).toEqual(["elsewhere", "taken over"]);
    stream.start(true);
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.open();
    expect(FakeSocket.last.sent[0]).toMatchObject({ takeover: true });
  });

  it("takes another name when a copy of the tab has its own", async () => {
    const { stream, told } = started();
    (await live(7)).end(4012);
    expect(told.states.at(-1)).toEqual(["elsewhere", "replaced"]);
    stream.start(true);
    await vi.advanceTimersByTimeAsync(0);
    FakeSocket.last.open();
    expect(FakeSocket.last.sent[0]!.client_id).toBe(told.names[0]);
    expect(told.names[0]).not.toBe("tab-1");
  });
});
