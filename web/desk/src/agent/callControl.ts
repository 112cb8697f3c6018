/** Calls through ctid: transfer, consult, dial and hang up, whatever phone the agent has. */

import type { Api, components } from "@ctid/client";

export type Consultation = components["schemas"]["ConsultationView"];
export type Destination = { queue: string } | { agent: string } | { number: string };

export async function transfer(api: Api, contactId: string, to: Destination): Promise<void> {
  await api.POST("/v1/contacts/{contact_id}/transfer", { params: { path: { contact_id: contactId } }, body: { to } });
}

export async function consult(api: Api, contactId: string, agent: string): Promise<Consultation> {
  const { data } = await api.POST("/v1/contacts/{contact_id}/consultations", {
    params: { path: { contact_id: contactId } },
    body: { agent },
  });
  return data!.consultation;
}

export async function withdrawConsultation(api: Api, id: string): Promise<void> {
  await api.DELETE("/v1/consultations/{consultation_id}", { params: { path: { consultation_id: id } } });
}

export async function dial(api: Api, agentId: string, number: string): Promise<void> {
  await api.POST("/v1/agents/{agent_id}/calls", { params: { path: { agent_id: agentId } }, body: { number } });
}

export async function hangUp(api: Api, contactId: string): Promise<void> {
  await api.POST("/v1/contacts/{contact_id}/hang-up", { params: { path: { contact_id: contactId } } });
}
