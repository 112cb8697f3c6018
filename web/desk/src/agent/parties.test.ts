import { describe, expect, it } from "vitest";

import type { Agent, Consulted, Contact, LiveState } from "../live/store";
import { enquiryOf, mayAdd, partiesOf } from "./parties";

const consulted = (id: string, more: Partial<Consulted["consultation"]>): Consulted => ({
  id,
  consultation: {
    id, contact_id: "c", from_agent: "a", to_agent: null, number: "+4930", state: "connected", joins: false, allowed_actions: [],
    leg_id: `leg of ${id}`, created_at: "", ...more,
  },
  pop: {} as Consulted["pop"],
});
const live = (...consultations: Consulted[]) =>
  ({
    agents: new Map([["bob", { id: "bob", name: "Bob" } as Agent]]),
    consultations: new Map(consultations.map((each) => [each.id, each])),
  }) as unknown as LiveState;
const contact = (more: object = {}) => ({ id: "c", legs: [], allowed_actions: ["hold", "transfer"], ...more }) as unknown as Contact;

describe("who else is in a call", () => {
  it("is who was called in, from the first, and who was asked, from the conference on", () => {
    const state = live(
      consulted("rung", { joins: true, state: "alerting", to_agent: "bob" }),
      consulted("in", { joins: true, state: "conferenced" }),
      consulted("asked", { state: "connected" }),
    );
    expect(partiesOf(state, contact(), "a").map(({ id, name }) => [id, name])).toEqual([["rung", "Bob"], ["in", "+4930"]]);
    expect(enquiryOf(state, "c", "a")?.id).toBe("asked");
    const conferred = live(consulted("asked", { state: "conferenced" }));
    expect(partiesOf(conferred, contact(), "a")).toHaveLength(1);
    expect(enquiryOf(conferred, "c", "a")).toBeNull();
  });

  it("is nobody of another contact or agent, nor whom a phone calls by itself", () => {
    const state = live(
      consulted("1", { contact_id: "other", joins: true }),
      consulted("2", { from_agent: "bob", to_agent: "a", state: "conferenced" }),
      consulted("3", { state: "announced" }),
    );
    expect(partiesOf(state, contact(), "a")).toEqual([]);
    expect(enquiryOf(state, "c", "a")).toBeNull();
  });

  it("is muted as their leg is", () => {
    const legs = [{ id: "leg of 1", muted: true }, { id: "leg of 2", muted: false }];
    const state = live(consulted("1", { state: "conferenced" }), consulted("2", { state: "conferenced" }));
    expect(partiesOf(state, contact({ legs }), "a").map(({ muted }) => muted)).toEqual([true, false]);
  });
});

describe("calling somebody in", () => {
  const crowd = (size: number) => partiesOf(live(...Array.from({ length: size }, (_, n) => consulted(`${n}`, { joins: true }))), contact(), "a");

  it("goes on in a conference, until it is full", () => {
    expect([mayAdd(contact(), []), mayAdd(contact(), crowd(7)), mayAdd(contact(), crowd(8))]).toEqual([true, true, false]);
  });

  it("is not for calls of one's own", () => {
    expect(mayAdd(contact({ allowed_actions: ["mute", "send_digits", "hang_up"] }), [])).toBe(false);
  });
});
