/** What waits to be picked up, as the agent's page lists it. Pure. */

import type { Agent, Contact, Parked } from "../live/store";
import type { Waiting } from "./diversion";

export interface Row extends Waiting {
  /** It waits no more, but keeps its place while the list must not move. */
  gone: boolean;
}

export function mayPickUp(waiting: readonly Waiting[], contactId: string): boolean {
  return waiting.some(({ id, allowed_actions }) => id === contactId && allowed_actions.includes("pick_up"));
}

/**
 * The rows after a new answer.
 *
 * @param still The agent points at the list: what is under the pointer stays there, and what is new comes last.
 */
export function rowsAfter(before: readonly Row[], now: readonly Waiting[], still: boolean): Row[] {
  if (!still) return now.map((each) => ({ ...each, gone: false }));
  const current = new Map(now.map((each) => [each.id, each]));
  const kept = before.map((row): Row => ({ ...row, ...current.get(row.id), gone: !current.has(row.id) }));
  const added = now.filter(({ id }) => !before.some((row) => row.id === id)).map((each) => ({ ...each, gone: false }));
  return [...kept, ...added];
}

/** For whom a contact is parked, as seen by this agent: a key of the texts, and whose name goes into it. */
export function parkedFor({ contact: { park } }: Parked, agent: Pick<Agent, "id">): { text: string; who: string } {
  const [by, whom] = [park?.by ?? "", park?.agent ?? null];
  if (by === agent.id) return whom === null ? { text: "mine", who: "" } : { text: "mineFor", who: whom };
  return whom === agent.id ? { text: "you", who: by } : { text: "anybody", who: by };
}

/** The parked ones, who has to be fetched soonest first. */
export function soonest(parked: Iterable<Parked>): Parked[] {
  const until = ({ contact }: Parked) => contact.park?.until ?? "";
  return [...parked].sort((one, other) => until(one).localeCompare(until(other)));
}

/** The flow that the caller goes through while the agent waits for them; null if they are in none. */
export function flowOf(contact: Contact, asked: boolean): string | null {
  const can = (action: string) => contact.allowed_actions.includes(action);
  // On hold, with nobody asked, a caller may always be sent to a flow, but for one who is in a flow.
  if (!can("retrieve") || can("send_to_menu") || asked) return null;
  const last = contact.path.findLast(({ kind }) => kind === "flow");
  return last ? last.title || last.name : null;
}
