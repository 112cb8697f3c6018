import { describe, expect, it } from "vitest";

import type { Agent } from "../live/store";
import { NO_FILTER, compare, inTrouble, matches, mayBecome } from "./agentFilter";

function agent(more: Partial<Agent>): Agent {
  return {
    id: "ann", name: "Ann Abel", device: "PJSIP/1001", team: "red", state: "READY", since: "2026-05-04T10:00:00Z",
    skills: { sales: 8 }, device_reachable: true, desktops: 1, allowed_actions: [], ...more,
  } as Agent;
}

describe("the agents' table", () => {
  it("finds by name, device and team, and by all of what is asked", () => {
    for (const text of ["abel", "1001", "RED"]) expect(matches(agent({}), { ...NO_FILTER, text })).toBe(true);
    expect(matches(agent({}), { ...NO_FILTER, text: "bob" })).toBe(false);
    expect(matches(agent({}), { ...NO_FILTER, states: ["BUSY"], text: "abel" })).toBe(false);
    expect(matches(agent({}), { ...NO_FILTER, skills: ["sales", "english"] })).toBe(false);
    expect(matches(agent({}), { ...NO_FILTER, teams: ["red", "blue"], skills: ["sales"] })).toBe(true);
  });

  it("knows who cannot be reached although at work", () => {
    expect(inTrouble(agent({ device_reachable: false }))).toBe(true);
    expect(inTrouble(agent({ desktops: 0 }))).toBe(true);
    expect(inTrouble(agent({ desktops: 0, state: "LOGGED_OUT" }))).toBe(false);
    expect(matches(agent({}), { ...NO_FILTER, troubleOnly: true })).toBe(false);
  });

  it("puts who is free first, and the longest in a state first", () => {
    const ann = agent({ id: "a", name: "Ann", state: "BUSY", since: "2026-05-04T10:00:00Z" });
    const bob = agent({ id: "b", name: "Bob", state: "READY", since: "2026-05-04T10:05:00Z" });
    expect([ann, bob].sort(compare("state")).map(({ id }) => id)).toEqual(["b", "a"]);
    expect([bob, ann].sort(compare("since")).map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("offers no state that ctid would refuse", () => {
    expect(mayBecome(agent({ allowed_actions: ["wrap_up"] }), "READY")).toBe(false);
    expect(mayBecome(agent({ allowed_actions: ["wrap_up", "pend_ready"] }), "READY")).toBe(true);
    expect(mayBecome(agent({ allowed_actions: ["log_in"] }), "LOGGED_OUT")).toBe(false);
  });
});
