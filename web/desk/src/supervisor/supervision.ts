/** What a supervisor may do at an agent's talk now, and from which phone. */

import type { components } from "@ctid/client";

import type { Agent, Contact, Supervision } from "../live/store";

type Schemas = components["schemas"];
export type Mode = Supervision["mode"];
export type Act = Mode | "take_over" | "end";

export const MODES: readonly Mode[] = ["monitor", "whisper", "barge"];

/** A phone that the supervisor hears by; none for that of the agent who they are. */
export type PhoneBody = Schemas["SupervisionBody"]["phone"];

/** The supervision of this agent that is this supervisor's own. */
export function ownSupervision(all: ReadonlyMap<string, Supervision>, agentId: string, subject: string): Supervision | undefined {
  return [...all.values()].find((each) => each.agent_id === agentId && each.supervisor === subject);
}

/** What may be asked for, as ctid says: of the supervision, or of a talk that is not supervised yet. */
export function waysIn(agent: Agent, contact: Contact | undefined, own: Supervision | undefined): Act[] {
  if (own) return own.allowed_actions as Act[];
  const inTalk = agent.state === "BUSY" && contact?.agent_id === agent.id && contact.allowed_actions.includes("supervise");
  return inTalk ? [...MODES] : [];
}

/** What somebody typed as their phone: a number, or a device as Asterisk dials it; a name alone is a PJSIP phone. */
export function phoneOf(typed: string): PhoneBody {
  const text = typed.replace(/\s/g, "");
  if (!text) return undefined;
  if (text.includes("/")) return { device: text };
  return /^\+?[0-9*#]+$/.test(text) ? { number: text } : { device: `PJSIP/${text}` };
}
