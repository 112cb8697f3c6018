import { describe, expect, it } from "vitest";

import { type DeviceCommands, DevicePhone, deviceState } from "./devicePhone";
import { asTyped, toDial } from "./numbers";
import { type Kept, keepCalls, replacesHeader, takeCalls } from "./returning";
import { NO_PHONE, type PhoneEvent, type PhoneState, actionsOf, after, foremost } from "./state";

const run = (...events: PhoneEvent[]): PhoneState => events.reduce(after, NO_PHONE);
const rings: PhoneEvent = { type: "began", call: { id: "1", direction: "in", number: "+49301", contactId: "c1", offerId: "o1" }, at: 10 };
const answered: PhoneEvent = { type: "answered", id: "1", at: 20 };
const held: PhoneEvent = { type: "held", id: "1", at: 30, byOther: false };
const consults: PhoneEvent = { type: "began", call: { id: "2", direction: "out", number: "1002", consultingFor: "1" }, at: 40 };
const consulted: PhoneEvent = { type: "answered", id: "2", at: 50 };

describe("the state of a phone", () => {
  it("follows a call from its ringing to its end", () => {
    expect(run(rings).calls[0]).toMatchObject({ state: "ringing", since: 10, contactId: "c1", answeredAt: null });
    expect(run(rings, answered).calls[0]).toMatchObject({ state: "connected", since: 20, answeredAt: 20 });
    expect(run(rings, answered, held).calls[0]).toMatchObject({ state: "held", since: 30, answeredAt: 20 });
    const over = run(rings, answered, { type: "ended", id: "1", cause: "ended", at: 60 });
    expect(over.calls).toEqual([]);
    expect(over.lastEnded).toEqual({ number: "+49301", cause: "ended", at: 60 });
  });

  it("keeps apart who has put whom on hold", () => {
    const both = run(rings, answered, held, { type: "held", id: "1", at: 35, byOther: true });
    expect(both.calls[0]).toMatchObject({ state: "held", heldByOther: true });
    const other = after(both, { type: "retrieved", id: "1", at: 36, byOther: false });
    expect(other.calls[0]).toMatchObject({ state: "connected", heldByOther: true });
  });

  it("does not begin a talk anew when an answer is told twice", () => {
    expect(run(rings, answered, held, { type: "answered", id: "1", at: 99 }).calls[0]).toMatchObject({ state: "held", answeredAt: 20 });
  });

  it("takes a mute and a conference back when their calls are over", () => {
    const two = run(rings, answered, consults, consulted, { type: "muted", on: true }, { type: "conference", on: true });
    expect(two).toMatchObject({ muted: true, conference: true });
    const one = after(two, { type: "ended", id: "2", cause: "ended", at: 60 });
    expect(one).toMatchObject({ muted: true, conference: false });
    expect(after(one, { type: "ended", id: "1", cause: "ended", at: 61 }).muted).toBe(false);
  });

  it("needs two calls for a conference", () => {
    expect(run(rings, answered, { type: "conference", on: true }).conference).toBe(false);
  });

  it("leaves a consultation a call of its own when the caller has gone", () => {
    const state = run(rings, answered, held, consults, consulted, { type: "ended", id: "1", cause: "ended", at: 60 });
    expect(state.calls).toMatchObject([{ id: "2", consultingFor: null }]);
    expect([...actionsOf(state.calls[0]!, state)].sort()).toEqual(["consult", "digits", "hangUp", "hold", "transfer"]);
  });

  it("tells that a call was lost that could not be taken up again", () => {
    const state = run(
      { type: "began", call: { id: "3", direction: "in", number: "+49301", returning: true }, at: 10 },
      { type: "ended", id: "3", cause: "unknown-number", at: 12 },
    );
    expect(state.lastEnded?.cause).toBe("lost");
  });

  it("goes on with the time of a talk that was taken up again", () => {
    const state = run(
      { type: "began", call: { id: "3", direction: "in", number: "+49301", returning: true }, at: 100 },
      { type: "answered", id: "3", at: 110, answeredAt: 20 },
    );
    expect(state.calls[0]).toMatchObject({ state: "connected", answeredAt: 20, returning: false });
  });
});

describe("what may be done with a call", () => {
  const of = (id: string, state: PhoneState) => [...actionsOf(state.calls.find((call) => call.id === id)!, state)].sort();

  it("is to answer or reject while it rings, and to hang up while it is dialled", () => {
    expect(of("1", run(rings))).toEqual(["answer", "reject"]);
    expect(of("2", run(consults))).toEqual(["hangUp"]);
  });

  it("is all of it in a talk", () => {
    expect(of("1", run(rings, answered))).toEqual(["consult", "digits", "hangUp", "hold", "transfer"]);
  });

  it("is to connect the two only once the one who is asked has answered", () => {
    expect(of("2", run(rings, answered, held, consults))).toEqual(["hangUp"]);
    expect(of("2", run(rings, answered, held, consults, consulted))).toEqual(["complete", "conference", "digits", "hangUp", "hold"]);
    expect(of("1", run(rings, answered, held, consults, consulted))).toEqual(["hangUp", "retrieve"]);
  });

  it("is no hold in a conference", () => {
    const state = run(rings, answered, consults, consulted, { type: "conference", on: true });
    expect(of("2", state)).toEqual(["complete", "conference", "digits", "hangUp"]);
  });

  it("goes to what rings first, then to the talk", () => {
    const state = run(rings, answered, held, consults, consulted);
    expect(foremost(state)?.id).toBe("2");
    expect(foremost(after(state, { type: "began", call: { id: "9", direction: "in", number: "1" }, at: 70 }))?.id).toBe("9");
  });
});

describe("calls that outlive their page", () => {
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
  };
  const kept = (id: string, state: "held" | "connected"): Kept => ({
    call: { id, direction: "in", number: "1", name: "", contactId: null, offerId: null, consultingFor: null, answeredAt: 5, state },
    dialog: { callId: `${id}@x`, localTag: "ours", remoteTag: "theirs" },
  });

  it("come back once, those on hold first", () => {
    const tab = storage();
    keepCalls(tab, { calls: [kept("talk", "connected"), kept("waiting", "held")], muted: true }, 1_000);
    const back = takeCalls(tab, 5_000);
    expect(back.calls.map(({ call }) => call.id)).toEqual(["waiting", "talk"]);
    expect(back.muted).toBe(true);
    expect(takeCalls(tab, 5_001).calls).toEqual([]);
  });

  it("are gone after the PBX's patience", () => {
    const tab = storage();
    keepCalls(tab, { calls: [kept("talk", "connected")], muted: false }, 1_000);
    expect(takeCalls(tab, 31_001).calls).toEqual([]);
  });

  it("are asked for by the dialog as the PBX sees it", () => {
    expect(replacesHeader(kept("a", "held").dialog)).toBe("Replaces: a@x;to-tag=theirs;from-tag=ours");
  });
});

describe("a phone on the desk", () => {
  const leg = (state: string, muted = false) => ({ id: "l1", state, muted });
  const contact = {
    id: "c1", number: "+49301", name: "Greta", offerId: "o1", connectedAt: 15, leg: leg("connected"), consultation: null, shared: false,
  };
  const seen = (change: object, before = NO_PHONE, at = 20) =>
    deviceState({ reachable: true, inUse: true, contacts: [{ ...contact, ...change }] }, before, at);

  it("is seen as ctid's events tell", () => {
    const ringing = deviceState({ reachable: true, inUse: true, contacts: [{ ...contact, leg: leg("alerting") }] }, NO_PHONE, 10);
    expect(ringing).toMatchObject({ line: "registered", calls: [{ id: "l1", state: "ringing", answeredAt: null }] });
    const talking = deviceState({ reachable: true, inUse: true, contacts: [contact] }, ringing, 20);
    expect(talking.calls[0]).toMatchObject({ state: "connected", since: 20, answeredAt: 15 });
    expect(deviceState({ reachable: true, inUse: true, contacts: [contact] }, talking, 30).calls[0]).toBe(talking.calls[0]);
    const over = deviceState({ reachable: false, inUse: false, contacts: [{ ...contact, leg: null }] }, talking, 40);
    expect(over).toMatchObject({ line: "connecting", calls: [], lastEnded: { number: "+49301", at: 40 } });
  });

  it("is muted, and has whom ctid has called as a call of its own beside the caller", () => {
    expect(seen({ leg: leg("connected", true) }).muted).toBe(true);
    const asked = (state: string) => ({ leg: leg("held"), consultation: { id: "k", number: "1002", name: "Bob", state } });
    const dialled = seen(asked("alerting"));
    expect(dialled.calls).toMatchObject([{ id: "l1", state: "held" }, { id: "k", state: "dialling", name: "Bob", consultingFor: "l1" }]);
    expect([...actionsOf(dialled.calls[1]!, dialled)]).toEqual(["hangUp"]);
    const talking = seen(asked("connected"), dialled, 30);
    expect(talking.calls[1]).toMatchObject({ state: "connected", answeredAt: 30 });
    expect([...actionsOf(talking.calls[1]!, talking)].sort()).toEqual(["complete", "conference", "digits", "hangUp", "hold"]);
    const all = seen({ shared: true }, talking, 40);
    expect(all).toMatchObject({ conference: true, calls: [{ state: "connected", answeredAt: 15 }] });
    expect([...actionsOf(all.calls[0]!, all)].sort()).toEqual(["digits", "hangUp"]);
  });

  it("shows which of the two is on hold", () => {
    const asked = (state: string, agentLeg: string) => ({ leg: leg(agentLeg), consultation: { id: "k", number: "1002", name: "Bob", state } });
    const talking = seen(asked("connected", "held"), NO_PHONE, 30);
    expect(talking.calls.map(({ state }) => state)).toEqual(["held", "connected"]);
    const swapped = seen(asked("held", "connected"), talking, 40);
    expect(swapped.calls).toMatchObject([{ state: "connected", since: 40 }, { state: "held", since: 40, answeredAt: 30 }]);
    expect([...actionsOf(swapped.calls[1]!, swapped)].sort()).toEqual(["complete", "hangUp", "retrieve"]);
    expect([...actionsOf(swapped.calls[0]!, swapped)].sort()).toEqual(["conference", "digits", "hangUp", "hold"]);
  });

  it("swaps by ctid, and retrieves the caller where both are on hold", async () => {
    const asked: unknown[][] = [];
    const commands = new Proxy({} as DeviceCommands, {
      get: (_, name) => (...args: unknown[]) => Promise.resolve(void asked.push([name, ...args])),
    });
    const phone = new DevicePhone(commands);
    const both = (leg: object, state: string) =>
      phone.see({ reachable: true, inUse: true, contacts: [{ ...contact, leg: { id: "l1", muted: false, ...leg } as never, consultation: { id: "k", number: "1002", name: "", state } }] });
    both({ state: "held" }, "connected");
    await phone.swap("l1");
    both({ state: "connected" }, "held");
    await phone.swap("k");
    both({ state: "held" }, "held");
    await phone.swap("k");
    await phone.swap("l1");
    expect(asked).toEqual([["alternate", "k"], ["alternate", "k"], ["alternate", "k"], ["retrieve", "c1"]]);
  });

  it("asks ctid for what it shall do", async () => {
    const asked: unknown[][] = [];
    const commands = new Proxy({} as DeviceCommands, {
      get: (_, name) => (...args: unknown[]) => Promise.resolve(void asked.push([name, ...args])),
    });
    const phone = new DevicePhone(commands);
    phone.see({ reachable: true, inUse: true, contacts: [{ ...contact, leg: leg("alerting") }] });
    await phone.answer("l1");
    phone.see({
      reachable: true, inUse: true,
      contacts: [{ ...contact, consultation: { id: "k", number: "1002", name: "", state: "connected" } }],
    });
    for (const act of [
      phone.hold("l1"), phone.retrieve("l1"), phone.mute(true), phone.digits("l1", "5"), phone.conference(true),
      phone.complete("k"), phone.hangUp("k"), phone.hangUp("l1"), phone.dial("112"), phone.hold("gone"),
    ]) await act;
    expect(asked).toEqual([
      ["answer", "o1"], ["hold", "c1"], ["retrieve", "c1"], ["mute", "c1", true], ["digits", "c1", "5"], ["confer", "k"],
      ["complete", "k"], ["withdraw", "k"], ["hangUp", "c1"], ["dial", "112"],
    ]);
    await expect(phone.refer()).rejects.toThrow("at-the-phone");
  });
});

describe("a number", () => {
  it("is grouped as it is typed and dialled in E.164", () => {
    expect(asTyped("03023125017", "DE")).toBe("030 23125017");
    expect(toDial("030 23125017", "DE")).toBe("+493023125017");
    expect(toDial("+1 (202) 555-0100", "DE")).toBe("+12025550100");
  });

  it("is left alone if it is an extension or a service code", () => {
    expect(asTyped("1002", "DE")).toBe("1002");
    expect(toDial("*72", "DE")).toBe("*72");
  });
});
