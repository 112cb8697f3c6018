/** What a supervisor does with an agent. */

import { useMemo } from "react";

import { useDesk } from "../app/desk";
import type { Agent, Contact } from "../live/store";
import { useAct } from "./act";
import { useText } from "./parts";

type Asked = "READY" | "NOT_READY" | "LOGGED_OUT";

export interface AgentCommands {
  setState(agent: Agent, state: Asked, reason?: string): Promise<boolean>;
  endWrapUp(agent: Agent, contact: Contact): Promise<boolean>;
}

export function useAgentCommands(): AgentCommands {
  const { api } = useDesk();
  const { t } = useText();
  const act = useAct();
  return useMemo(
    () => ({
      setState: (agent, state, reason) =>
        act(t("agents.stateSet", { name: agent.name, state: t(`state.${state}`) }), () =>
          api.PUT("/v1/agents/{agent_id}/state", {
            params: { path: { agent_id: agent.id }, header: { "If-Match": `"${agent.version}"` } },
            body: { state, ...(reason && { reason }) },
          }),
        ),
      endWrapUp: (agent, contact) =>
        act(t("agents.wrapUpEnded", { name: agent.name }), () =>
          api.PUT("/v1/contacts/{contact_id}/wrap-up", {
            params: { path: { contact_id: contact.id } },
            body: { complete: true },
          }),
        ),
    }),
    [api, act, t],
  );
}
