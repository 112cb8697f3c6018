/** Which agents are listed, and in which order. */

import type { Agent } from "../live/store";
import { AGENT_STATES } from "./parts";

export interface AgentFilter {
  text: string;
  states: readonly string[];
  teams: readonly string[];
  skills: readonly string[];
  troubleOnly: boolean;
}

export type AgentOrder = "name" | "state" | "since" | "team";

export const NO_FILTER: AgentFilter = { text: "", states: [], teams: [], skills: [], troubleOnly: false };

/** Whether calls cannot reach them although they are at work. */
export function inTrouble(agent: Agent): boolean {
  return agent.state !== "LOGGED_OUT" && (!agent.device_reachable || agent.desktops === 0);
}

export function matches(agent: Agent, filter: AgentFilter): boolean {
  const text = filter.text.trim().toLowerCase();
  const said = `${agent.name} ${agent.id} ${agent.device ?? ""} ${agent.team ?? ""}`.toLowerCase();
  return (
    (!text || said.includes(text)) &&
    (!filter.states.length || filter.states.includes(agent.state)) &&
    (!filter.teams.length || filter.teams.includes(agent.team ?? "")) &&
    filter.skills.every((skill) => skill in agent.skills) &&
    (!filter.troubleOnly || inTrouble(agent))
  );
}

const STATE_RANK = new Map<string, number>(AGENT_STATES.map((state, rank) => [state, rank]));

export function compare(order: AgentOrder): (a: Agent, b: Agent) => number {
  const byName = (a: Agent, b: Agent) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
  switch (order) {
    case "name":
      return byName;
    case "state":
      return (a, b) => (STATE_RANK.get(a.state) ?? 9) - (STATE_RANK.get(b.state) ?? 9) || byName(a, b);
    case "since":
      return (a, b) => Date.parse(a.since) - Date.parse(b.since) || byName(a, b);
    case "team":
      return (a, b) => (a.team ?? "").localeCompare(b.team ?? "") || byName(a, b);
  }
}

/** The state that an agent can be asked for now; asked of somebody busy, it follows their work. */
export function mayBecome(agent: Agent, state: "READY" | "NOT_READY" | "LOGGED_OUT"): boolean {
  const actions = {
    READY: ["ready", "pend_ready", "log_in"],
    NOT_READY: ["not_ready", "pend_not_ready", "log_in"],
    LOGGED_OUT: ["log_out", "pend_log_out"],
  }[state];
  return actions.some((action) => agent.allowed_actions.includes(action));
}
