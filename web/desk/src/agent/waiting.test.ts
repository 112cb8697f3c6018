import { describe, expect, it } from "vitest";

import type { Contact, Parked } from "../live/store";
import type { Waiting } from "./diversion";
import { flowOf, mayPickUp, parkedFor, rowsAfter, soonest } from "./waiting";

const waiting = (id: string, more: Partial<Waiting> = {}) => ({ id, wait_ms: 1, allowed_actions: ["pick_up"], ...more }) as Waiting;
const ids = (rows: { id: string; gone: boolean }[]) => rows.map(({ id, gone }) => (gone ? `-${id}` : id)).join(" ");
const parked = (id: string, park: object) => ({ id, contact: { id, park }, pop: {} }) as unknown as Parked;

describe("the list of who waits", () => {
  const before = rowsAfter([], [waiting("a"), waiting("b"), waiting("c")], false);

  it("is in ctid's order", () => {
    expect(ids(before)).toBe("a b c");
    expect(ids(rowsAfter(before, [waiting("c"), waiting("d")], false))).toBe("c d");
  });

  it("keeps every row where it is while the agent points at it", () => {
    const after = rowsAfter(before, [waiting("d"), waiting("c", { wait_ms: 9 }), waiting("b")], true);
    expect(ids(after)).toBe("-a b c d");
    expect(after[2]?.wait_ms).toBe(9);
    expect(ids(rowsAfter(after, [waiting("a")], true))).toBe("a -b -c -d");
  });

  it("tells what the agent may have now", () => {
    const items = [waiting("a"), waiting("b", { allowed_actions: [] })];
    expect(["a", "b", "c"].map((id) => mayPickUp(items, id))).toEqual([true, false, false]);
  });
});

describe("what is parked", () => {
  it("says for whom it is, and by whom", () => {
    const seen = (by: string, agent: string | null) => parkedFor(parked("c", { by, agent }), { id: "me" });
    expect(seen("bob", "me")).toEqual({ text: "you", who: "bob" });
    expect(seen("bob", null)).toEqual({ text: "anybody", who: "bob" });
    expect(seen("me", null)).toEqual({ text: "mine", who: "" });
    expect(seen("me", "bob")).toEqual({ text: "mineFor", who: "bob" });
  });

  it("is in the order in which its time is over", () => {
    const late = parked("late", { until: "2026-05-04T10:02:00Z" });
    const soon = parked("soon", { until: "2026-05-04T10:01:00Z" });
    expect(soonest([late, soon]).map(({ id }) => id)).toEqual(["soon", "late"]);
  });
});

describe("a caller whom the agent has sent through a flow", () => {
  const path = [{ kind: "flow", name: "main" }, { kind: "queue", name: "sales" }, { kind: "flow", name: "payment" }, { kind: "key", name: "1" }];
  const contact = (...allowed_actions: string[]) => ({ path, allowed_actions }) as unknown as Contact;

  it("is in the last one they came to", () => {
    expect(flowOf(contact("retrieve", "consult"), false)).toBe("payment");
  });

  it("is told by its title", () => {
    const into = (flow: object) => ({ path: [...path, flow, { kind: "node", name: "pay/card", title: "Card" }], allowed_actions: ["retrieve"] }) as unknown as Contact;
    expect(flowOf(into({ kind: "flow", name: "pay", title: "Card payment" }), false)).toBe("Card payment");
    expect(flowOf(into({ kind: "flow", name: "pay", title: null }), false)).toBe("pay");
  });

  it("is not one who talks, who is on hold, or about whom somebody is asked", () => {
    expect(flowOf(contact("hold", "send_to_menu"), false)).toBeNull();
    expect(flowOf(contact("retrieve", "send_to_menu"), false)).toBeNull();
    expect(flowOf(contact("retrieve"), true)).toBeNull();
  });
});
