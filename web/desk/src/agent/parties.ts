/** Who is asked about a contact, and who else is with its caller and agent. Pure. */

import type { Contact, LiveState } from "../live/store";
import type { Consultation } from "./callControl";

/** Somebody who was called into the talk, or brought into it after a consultation. */
export interface Party {
  /** The consultation's. */
  id: string;
  name: string;
  state: Consultation["state"];
  /** Null until ctid has called them. */
  legId: string | null;
  muted: boolean;
  actions: readonly string[];
}

/** As many as ctid calls in beside caller and agent. */
export const MAX_PARTIES = 8;

const joined = ({ joins, state }: Consultation) => joins || state === "conferenced";

/** The agent's consultations about the contact that ctid carries out. */
function carriedOut(live: LiveState, contactId: string, agentId: string): Consultation[] {
  return [...live.consultations.values()]
    .map(({ consultation }) => consultation)
    .filter(({ contact_id, from_agent, state }) => contact_id === contactId && from_agent === agentId && state !== "announced");
}

/** Whom the agent asks while the caller does not hear it. */
export function enquiryOf(live: LiveState, contactId: string, agentId: string): Consultation | null {
  return carriedOut(live, contactId, agentId).find((each) => !joined(each)) ?? null;
}

export function partiesOf(live: LiveState, contact: Contact, agentId: string): Party[] {
  return carriedOut(live, contact.id, agentId)
    .filter(joined)
    .map(({ id, to_agent, number, state, leg_id, allowed_actions }) => ({
      id,
      name: (to_agent && live.agents.get(to_agent)?.name) || to_agent || number,
      state,
      legId: leg_id,
      muted: contact.legs.some((leg) => leg.id === leg_id && leg.muted),
      actions: allowed_actions,
    }));
}

/**
 * Whether somebody may be called into a talk that is not on hold and about which nobody is asked.
 *
 * The contact's own `add_party` is not told anew when others come or leave; what may be transferred is a talk throughout.
 */
export function mayAdd(contact: Contact, parties: readonly Party[]): boolean {
  return contact.allowed_actions.includes("transfer") && parties.length < MAX_PARTIES;
}
