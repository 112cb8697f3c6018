/** What takes contacts elsewhere than ctid would: sent on, parked, picked up. */

import type { Api, components } from "@ctid/client";

import type { Destination } from "./callControl";

export type Waiting = components["schemas"]["WaitingContactView"];

/** Send on what the agent is being offered. */
export async function deflect(api: Api, offerId: string, to: Destination<"agent" | "queue" | "number">): Promise<void> {
  await api.POST("/v1/offers/{offer_id}/deflect", { params: { path: { offer_id: offerId } }, body: to });
}

/** Leave the caller to a colleague, or to whoever serves the queue. */
export async function park(api: Api, contactId: string, agent: string | null): Promise<void> {
  await api.POST("/v1/contacts/{contact_id}/park", {
    params: { path: { contact_id: contactId } },
    body: agent === null ? {} : { agent },
  });
}

export async function pickUp(api: Api, contactId: string): Promise<void> {
  await api.POST("/v1/contacts/{contact_id}/pick-up", { params: { path: { contact_id: contactId } }, body: {} });
}

/** What waits in the agent's queues, who waits longest first. */
export async function waiting(api: Api, agentId: string): Promise<Waiting[]> {
  const { data } = await api.GET("/v1/agents/{agent_id}/waiting", { params: { path: { agent_id: agentId } } });
  return data!.items;
}
