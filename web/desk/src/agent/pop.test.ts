import { describe, expect, it } from "vitest";

import type { Agent, Contact, LiveState, Offer } from "../live/store";
import { NO_PHONE, after } from "../phone/state";
import { incomingOf } from "./incoming";
import { popOf, shown, workOf } from "./pop";

const agent = (more: Partial<Agent> = {}) => ({ id: "a", tasks: [], contact_id: null, ...more }) as Agent;
const contact = (id: string, more: object = {}) =>
  ({ id, channel: "voice", ani: "+491", dnis: "200", queue: "sales", customer: null, attributes: {}, path: [], wait_ms: 5, callback: null, ...more }) as unknown as Contact;
const offer = (id: string, contactId: string, more: object = {}) =>
  ({ id, contact_id: contactId, agent_id: "a", state: "pending", allowed_actions: ["reject_offer"], pop: { ani: "+492", dnis: "200", queue: "sales", menu_path: [{ menu: "main" }, { key: "1" }], wait_ms: 9, attributes: { topic: "sales" }, customer: null, callback: null }, ...more }) as unknown as Offer;
const live = (contacts: Contact[], offers: Offer[] = []): LiveState => ({
  agents: new Map(), queues: new Map(), consultations: new Map(), parked: new Map(), supervisions: new Map(), pbxes: new Map(), clockAhead: 0,
  contacts: new Map(contacts.map((each) => [each.id, each])),
  offers: new Map(offers.map((each) => [each.id, each])),
});

describe("the screen pop", () => {
  it("is the offer's before the contact is known, and the contact's as it is now from then on", () => {
    const before = popOf("c", undefined, offer("o", "c").pop);
    expect(before).toMatchObject({ ani: "+492", attributes: { topic: "sales" }, path: [{ menu: "main", key: "1" }], contact: null });
    const now = popOf("c", contact("c", { attributes: { topic: "support" } }), offer("o", "c").pop);
    expect(now).toMatchObject({ ani: "+491", attributes: { topic: "support" } });
    expect(popOf("c", undefined, null)).toBeNull();
  });

  it("tells who did not take a contact that was given on, also once it is the agent's again", () => {
    const { pop } = offer("o", "c", { pop: { ...offer("o", "c").pop, returned: { by: "bob", cause: "busy" } } });
    expect(popOf("c", undefined, pop)?.returned).toEqual({ by: "bob", cause: "busy" });
    expect(popOf("c", contact("c"), pop)?.returned).toEqual({ by: "bob", cause: "busy" });
    expect(popOf("c", contact("c"), null)?.returned).toBeNull();
  });

  it("shows the way through the menus as it was gone", () => {
    const path = [{ kind: "entry", name: "hotline" }, { kind: "flow", name: "main" }, { kind: "node", name: "main/menu", title: "main" }, { kind: "key", name: "", result: "timeout" }, { kind: "key", name: "1", result: "valid" }, { kind: "node", name: "main/key-1", title: null }, { kind: "left", name: "main/key-1" }, { kind: "queue", name: "sales" }];
    const chosen = [{ menu: "main", key: "timeout" }, { menu: "main", key: "1" }];
    expect(popOf("c", contact("c", { path }), null)?.path).toEqual(chosen);
    const waiting = [...path, { kind: "key", name: "2", result: "valid" }];
    expect(popOf("c", contact("c", { path: waiting }), null)?.path).toEqual([...chosen, { menu: "main", key: "2" }]);
  });

  it("shows what was chosen in flows by the nodes' titles, and nothing that was entered", () => {
    const node = (name: string, title: string | null) => ({ kind: "node", name, result: null, title });
    const path = [
      { kind: "flow", name: "bank", result: "abc" },
      node("bank/hello", null),
      node("bank/topic", "What it is about"),
      { kind: "key", name: "", result: "timeout" },
      { kind: "key", name: "2", result: "valid" },
      node("bank/account", "Account number"),
      { kind: "digits", name: "", result: "valid" },
      { kind: "confirm", name: "1", result: "valid" },
      node("bank/more", null),
      { kind: "key", name: "9", result: "valid" },
    ];
    expect(popOf("c", contact("c", { path }), null)?.path).toEqual([
      { menu: "What it is about", key: "timeout" },
      { menu: "What it is about", key: "2" },
      { menu: "bank/more", key: "9" },
    ]);
  });
});

describe("what is at hand", () => {
  it("goes from what is offered over the call to the tasks", () => {
    const busy = agent({ contact_id: "call", tasks: [{ contact_id: "chat", channel: "chat", since: "", interrupted: true }] });
    const work = workOf(busy, live([contact("call"), contact("chat")], [offer("o", "new"), offer("other", "x", { agent_id: "b" })]), null);
    expect(work.map(({ kind, contactId }) => [kind, contactId])).toEqual([["offer", "new"], ["call", "call"], ["task", "chat"]]);
  });

  it("tells of the last of several offers", () => {
    const first = offer("o1", "c", { state: "accepted" });
    const again = offer("o2", "c", { state: "accepted", pop: { ...first.pop, returned: { by: "bob", cause: "busy" } } });
    const [call] = workOf(agent({ contact_id: "c" }), live([contact("c")], [first, again]), null);
    expect(call).toMatchObject({ offer: { id: "o2" }, pop: { returned: { by: "bob" } } });
  });

  it("shows a colleague's caller while one is asked about them", () => {
    const consultation = { id: "k", contact_id: "c", from_agent: "b", to_agent: "a", number: "1001", state: "announced" as const, joins: false, allowed_actions: [], leg_id: null, created_at: "" };
    const pop = offer("o", "c").pop!;
    expect(workOf(agent(), live([]), { id: "k", consultation, pop })[0]).toMatchObject({ kind: "consultation", contactId: "c" });
    expect(workOf(agent({ id: "z" }), live([]), { id: "k", consultation, pop })).toEqual([]);
  });

  it("is shown as the agent chose, as long as it is there", () => {
    const work = workOf(agent({ contact_id: "call" }), live([contact("call")], [offer("o", "new")]), null);
    expect(shown(work, "call")?.contactId).toBe("call");
    expect(shown(work, "gone")?.contactId).toBe("new");
    expect(shown([], "call")).toBeNull();
  });
});

describe("what comes in", () => {
  const rings = (offerId: string | null) =>
    after(NO_PHONE, { type: "began", call: { id: "s1", direction: "in", number: "+491", offerId }, at: 1 });
  const work = workOf(agent(), live([], [offer("o", "c")]), null);

  it("is the offer before it rings, then both as one", () => {
    expect(incomingOf(work, NO_PHONE)).toMatchObject({ id: "o", callId: null });
    expect(incomingOf(work, rings("o"))).toMatchObject({ id: "o", callId: "s1" });
  });

  it("is not a call of another offer", () => {
    expect(incomingOf(work, rings("older"))).toMatchObject({ id: "o", callId: null });
  });

  it("is taken at the desktop where the offer allows it", () => {
    const chat = workOf(agent(), live([], [offer("o", "c", { allowed_actions: ["accept_offer", "reject_offer"] })]), null);
    expect(incomingOf(chat, NO_PHONE)?.needsAccept).toBe(true);
    expect(incomingOf(work, NO_PHONE)?.needsAccept).toBe(false);
  });

  it("may be a call of one's own", () => {
    expect(incomingOf([], rings(null))).toMatchObject({ id: "s1", offer: null, callId: "s1" });
    expect(incomingOf([], NO_PHONE)).toBeNull();
  });
});
