import { describe, expect, it } from "vitest";

import type { Agent, Contact, Supervision } from "../live/store";
import { ownSupervision, phoneOf, waysIn } from "./supervision";

const agent = { id: "ann", state: "BUSY" } as Agent;
const contact = { id: "c", agent_id: "ann", allowed_actions: ["hold", "supervise"] } as Contact;
const own = {
  id: "su-1", supervisor: "sue", agent_id: "ann", mode: "monitor", state: "active", allowed_actions: ["whisper", "barge", "take_over", "end"],
} as Supervision;

describe("supervision", () => {
  it("is offered of who talks, and of nobody else", () => {
    expect(waysIn(agent, contact, undefined)).toEqual(["monitor", "whisper", "barge"]);
    expect(waysIn({ ...agent, state: "WRAP_UP" }, contact, undefined)).toEqual([]);
    expect(waysIn(agent, { ...contact, agent_id: "bob" }, undefined)).toEqual([]);
    expect(waysIn(agent, { ...contact, allowed_actions: ["withdraw"] }, undefined)).toEqual([]);
    expect(waysIn(agent, undefined, undefined)).toEqual([]);
  });

  it("goes on as ctid allows, whatever the agent does meanwhile", () => {
    expect(waysIn({ ...agent, state: "READY" }, undefined, own)).toEqual(["whisper", "barge", "take_over", "end"]);
  });

  it("is told from those of other supervisors and of other agents", () => {
    const all = new Map([own, { ...own, id: "su-2", supervisor: "adam" }, { ...own, id: "su-3", agent_id: "bob" }].map((each) => [each.id, each]));
    expect(ownSupervision(all, "ann", "adam")?.id).toBe("su-2");
    expect(ownSupervision(all, "bob", "sue")?.id).toBe("su-3");
    expect(ownSupervision(all, "bob", "adam")).toBeUndefined();
  });

  it("takes a phone as people write it", () => {
    expect(phoneOf(" ")).toBeUndefined();
    expect(phoneOf("+49 30 1234")).toEqual({ number: "+49301234" });
    expect(phoneOf("PJSIP/9001")).toEqual({ device: "PJSIP/9001" });
    expect(phoneOf("boss-desk")).toEqual({ device: "PJSIP/boss-desk" });
  });
});
