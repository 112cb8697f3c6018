import type { Snapshot, StreamEvent } from "@ctid/client";
import { act, render, screen } from "@testing-library/react";
import { createElement } from "react";
import { describe, expect, it, vi } from "vitest";

import { type Agent, type Contact, LiveStore, useSelected } from "./store";

const AT = Date.parse("2026-05-04T10:00:00Z");

function agent(id: string, version = 1): Agent {
  return { id, name: id, state: "READY", version } as Agent;
}

function contact(id: string, state = "queued"): Contact {
  return { id, state, wait_ms: 5_000 } as Contact;
}

function snapshot(agents: Agent[], contacts: Contact[] = []): Snapshot {
  return {
    type: "snapshot",
    epoch: "e",
    seq: 1,
    time: new Date(AT).toISOString(),
    data: { agents, contacts, offers: [], queues: [], pbxes: { main: true } },
  } as unknown as Snapshot;
}

function event(data: object, more: Partial<StreamEvent> = {}): StreamEvent {
  return { type: "agent.updated", id: "x", time: new Date(AT).toISOString(), epoch: "e", seq: 2, data, ...more } as StreamEvent;
}

function stepped(): { store: LiveStore; frame: () => void } {
  const due: (() => void)[] = [];
  return { store: new LiveStore((run) => due.push(run)), frame: () => due.splice(0).forEach((run) => run()) };
}

describe("LiveStore", () => {
  it("shows a burst of events once, with the last of each", () => {
    const { store, frame } = stepped();
    store.replace(snapshot([agent("a"), agent("b")]));
    const watcher = vi.fn();
    store.watch(watcher);
    const before = store.now();
    for (let version = 2; version <= 500; version += 1) store.apply(event({ agent: agent("a", version) }));
    expect(watcher).not.toHaveBeenCalled();
    expect(store.now()).toBe(before);
    frame();
    expect(watcher).toHaveBeenCalledTimes(1);
    expect(store.now().agents.get("a")?.version).toBe(500);
    expect(store.now().agents.get("b")).toBe(before.agents.get("b"));
    expect(store.now().contacts).toBe(before.contacts);
  });

  it("knows of supervisions by the snapshot, and by events until they end", () => {
    const { store, frame } = stepped();
    const told = snapshot([]);
    Object.assign(told.data, { supervisions: [{ id: "s", agent_id: "a", mode: "monitor" }] });
    store.replace(told);
    expect(store.now().supervisions.get("s")?.mode).toBe("monitor");
    store.apply(event({ supervision: { id: "s", agent_id: "a", mode: "barge" }, reason: "mode" }, { type: "supervision.changed" }));
    frame();
    expect(store.now().supervisions.get("s")?.mode).toBe("barge");
    store.apply(event({ supervision: { id: "s", agent_id: "a", mode: "barge" }, reason: "ended" }, { type: "supervision.ended" }));
    frame();
    expect(store.now().supervisions.size).toBe(0);
  });

  it("knows of consultations by the snapshot, and by events until they end", () => {
    const { store, frame } = stepped();
    const consultation = { id: "k", contact_id: "c", from_agent: "b", to_agent: "a", number: "1001", created_at: "" };
    const pop = { ani: "+491" };
    const told = snapshot([]);
    Object.assign(told.data, { consultations: [{ ...consultation, pop }] });
    store.replace(told);
    expect(store.now().consultations.get("k")).toEqual({ id: "k", consultation, pop });
    store.apply(event({ consultation: { ...consultation, state: "connected" } }, { type: "consultation.updated" }));
    frame();
    expect(store.now().consultations.get("k")).toMatchObject({ consultation: { state: "connected" }, pop });
    store.apply(event({ consultation, result: "withdrawn" }, { type: "consultation.ended" }));
    store.apply(event({ consultation: { ...consultation, id: "l" }, pop }, { type: "consultation.created" }));
    frame();
    expect([...store.now().consultations.keys()]).toEqual(["l"]);
  });

  it("lets every event be heard, in order, after it was taken in", () => {
    const { store, frame } = stepped();
    const heard: [number | undefined, number | undefined][] = [];
    store.hear((told) => heard.push([told.seq, store.now().agents.get("a")?.version]));
    store.apply(event({ agent: agent("a", 2) }, { seq: 7 }));
    store.apply(event({ agent: agent("a", 3) }, { seq: 8 }));
    frame();
    expect(heard).toEqual([[7, 3], [8, 3]]);
  });

  it("forgets contacts that close and offers that end", () => {
    const { store, frame } = stepped();
    store.replace(snapshot([], [contact("c")]));
    store.apply(event({ contact: contact("c", "closed") }));
    store.apply(event({ offer: { id: "o", state: "pending" } }));
    frame();
    expect([...store.now().contacts.keys()]).toEqual([]);
    expect([...store.now().offers.keys()]).toEqual(["o"]);
    store.apply(event({ offer: { id: "o", state: "timed_out" } }));
    frame();
    expect(store.now().offers.size).toBe(0);
  });

  it("keeps what is parked until it is fetched, and makes nobody's contact of it", () => {
    const { store, frame } = stepped();
    const parked = (id: string) => ({ contact: { ...contact(id), park: { by: "bob" } }, pop: { ani: "+491" } });
    const first = snapshot([], [contact("own")]);
    store.replace({ ...first, data: { ...first.data, parked: [parked("before")] } });
    store.apply(event(parked("own"), { type: "contact.parked" }));
    store.apply(event(parked("other"), { type: "contact.parked" }));
    frame();
    expect([...store.now().parked.keys()]).toEqual(["before", "own", "other"]);
    expect([...store.now().contacts.values()].map(({ id, park }) => [id, park?.by])).toEqual([["own", "bob"]]);
    for (const id of ["before", "other"]) store.apply(event({ contact: contact(id), result: "fetched" }, { type: "contact.unparked" }));
    frame();
    expect([...store.now().parked.keys()]).toEqual(["own"]);
    expect([...store.now().contacts.keys()]).toEqual(["own"]);
  });

  it("drops what a snapshot does not name any more", () => {
    const { store } = stepped();
    store.replace(snapshot([agent("a"), agent("b")]));
    store.replace(snapshot([agent("b")]));
    expect([...store.now().agents.keys()]).toEqual(["b"]);
  });

  it("tells how old what was told is, by ctid's clock", () => {
    vi.useFakeTimers({ now: AT - 60_000 });
    const { store, frame } = stepped();
    store.replace(snapshot([], [contact("c")]));
    const told = store.now().contacts.get("c")!;
    expect(store.now().clockAhead).toBe(60_000);
    vi.setSystemTime(AT - 57_000);
    expect(store.age(told, Date.now())).toBe(3_000);
    store.apply(event({ contact: contact("c") }, { time: new Date(AT + 2_990).toISOString() }));
    frame();
    expect(store.now().clockAhead).toBe(60_000);
    expect(store.age(store.now().contacts.get("c")!, Date.now())).toBe(10);
    vi.useRealTimers();
  });

  it("is not set back by the old events of a replay, but by what is no part of the stream", () => {
    vi.useFakeTimers({ now: AT });
    const { store, frame } = stepped();
    store.replace(snapshot([]));
    const old = { time: new Date(AT - 30_000).toISOString() };
    store.apply(event({ agent: agent("a") }, old));
    frame();
    expect(store.now().clockAhead).toBe(0);
    const stats = event({ id: "q" }, { ...old, type: "queue.stats" });
    delete stats.seq;
    store.apply(stats);
    frame();
    expect(store.now().clockAhead).toBe(-30_000);
    vi.useRealTimers();
  });

  it("renders the row that changed and no other", () => {
    const { store, frame } = stepped();
    store.replace(snapshot([agent("a"), agent("b")]));
    const rendered = { a: 0, b: 0 };
    function Row({ id }: { id: "a" | "b" }) {
      rendered[id] += 1;
      return createElement("p", null, `${id}${useSelected(store, (state) => state.agents.get(id)?.version)}`);
    }
    render(createElement("div", null, createElement(Row, { id: "a" }), createElement(Row, { id: "b" })));
    store.apply(event({ agent: agent("b", 9) }));
    act(frame);
    expect(screen.getByText("b9")).toBeTruthy();
    expect(rendered).toEqual({ a: 1, b: 2 });
  });
});
