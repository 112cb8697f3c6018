/** What a supervisor changed of an agent's skills and queues, as the merge patch that says so. */

import type { Agent } from "../live/store";

export interface Draft {
  skills: Record<string, number>;
  queues: Agent["queues"];
}

/** `null` for all of them goes back to the configuration. */
export interface Patch {
  skills?: Record<string, number | null> | null;
  queues?: Record<string, { priority: number; delay_seconds: number } | null> | null;
}

export function draftOf(agent: Agent): Draft {
  return { skills: { ...agent.skills }, queues: { ...agent.queues } };
}

function difference<T>(before: Record<string, T>, after: Record<string, T>): Record<string, T | null> | undefined {
  const changed: Record<string, T | null> = {};
  for (const key of Object.keys(before)) if (!(key in after)) changed[key] = null;
  for (const [key, value] of Object.entries(after)) {
    if (JSON.stringify(before[key]) !== JSON.stringify(value)) changed[key] = value;
  }
  return Object.keys(changed).length ? changed : undefined;
}

/** `null` if nothing was changed. */
export function patchOf(before: Draft, after: Draft): Patch | null {
  const skills = difference(before.skills, after.skills);
  const queues = difference(before.queues, after.queues);
  if (!skills && !queues) return null;
  return { ...(skills && { skills }), ...(queues && { queues }) };
}
