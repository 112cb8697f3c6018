/** Calls through ctid: transfer, consult, hold, dial and hang up, whatever phone the agent has. */

import type { Api, components } from "@ctid/client";

import type { DeviceCommands } from "../phone/devicePhone";

export type Consultation = components["schemas"]["ConsultationView"];
export type Kind = components["schemas"]["EntryView"]["kind"];
/** As ctid takes it: `{ agent: "bob" }`. */
export type Destination<K extends Kind = Kind> = { [P in K]: Record<P, string> }[K];

/** A choice of the directory as ctid takes it. */
export function destinationOf<K extends Kind>({ kind, id }: { kind: K; id: string }): Destination<K> {
  return { [kind]: id } as Destination<K>;
}

export async function transfer(api: Api, contactId: string, to: Destination): Promise<void> {
  await api.POST("/v1/contacts/{contact_id}/transfer", { params: { path: { contact_id: contactId } }, body: { to } });
}

/** Ask somebody about a contact; with `dial` ctid holds the caller and calls, else it shows a colleague what is to come. */
export async function consult(
  api: Api,
  contactId: string,
  whom: { agent: string; dial?: boolean } | { number: string; dial: true },
): Promise<Consultation> {
  const { data } = await api.POST("/v1/contacts/{contact_id}/consultations", {
    params: { path: { contact_id: contactId } },
    body: { dial: false, ...whom },
  });
  return data!.consultation;
}

/** Call somebody into the talk, or into the conference that it is. */
export async function addParty(api: Api, contactId: string, whom: { agent: string } | { number: string }): Promise<void> {
  await api.POST("/v1/contacts/{contact_id}/parties", { params: { path: { contact_id: contactId } }, body: whom });
}

export async function muteParty(api: Api, contactId: string, legId: string, on: boolean): Promise<void> {
  await api.POST("/v1/contacts/{contact_id}/legs/{leg_id}/mute", {
    params: { path: { contact_id: contactId, leg_id: legId } },
    body: { on },
  });
}

/** Have the caller go through a flow while the agent waits. */
export async function sendToMenu(api: Api, contactId: string, to: Destination<"flow">): Promise<void> {
  await api.POST("/v1/contacts/{contact_id}/menu", { params: { path: { contact_id: contactId } }, body: to });
}

export async function retrieve(api: Api, contactId: string): Promise<void> {
  await api.POST("/v1/contacts/{contact_id}/retrieve", { params: { path: { contact_id: contactId } } });
}

/** As a contact's `allowed_actions` name them. */
export type RecordingAction = "record" | "pause_recording" | "resume_recording";

export async function actOnRecording(api: Api, contactId: string, action: RecordingAction): Promise<void> {
  const contact = { params: { path: { contact_id: contactId } } };
  if (action === "record") await api.POST("/v1/contacts/{contact_id}/record", contact);
  else if (action === "pause_recording") await api.POST("/v1/contacts/{contact_id}/pause-recording", contact);
  else await api.POST("/v1/contacts/{contact_id}/resume-recording", contact);
}

/** What ctid does with a call for a phone that is not the page's own. */
export function deviceCommands(api: Api, agentId: string): DeviceCommands {
  const contact = (id: string) => ({ params: { path: { contact_id: id } } });
  const consultation = (id: string) => ({ params: { path: { consultation_id: id } } });
  return {
    dial: (number) => dial(api, agentId, number),
    hangUp: (id) => hangUp(api, id),
    answer: async (id) => void (await api.POST("/v1/offers/{offer_id}/answer", { params: { path: { offer_id: id } } })),
    hold: async (id) => void (await api.POST("/v1/contacts/{contact_id}/hold", contact(id))),
    retrieve: (id) => retrieve(api, id),
    mute: async (id, on) => void (await api.POST("/v1/contacts/{contact_id}/mute", { ...contact(id), body: { on } })),
    digits: async (id, digits) => void (await api.POST("/v1/contacts/{contact_id}/digits", { ...contact(id), body: { digits } })),
    alternate: async (id) => void (await api.POST("/v1/consultations/{consultation_id}/alternate", consultation(id))),
    withdraw: (id) => withdrawConsultation(api, id),
    complete: (id) => completeConsultation(api, id),
    confer: async (id) => void (await api.POST("/v1/consultations/{consultation_id}/conference", consultation(id))),
  };
}

export async function withdrawConsultation(api: Api, id: string): Promise<void> {
  await api.DELETE("/v1/consultations/{consultation_id}", { params: { path: { consultation_id: id } } });
}

export async function completeConsultation(api: Api, id: string): Promise<void> {
  await api.POST("/v1/consultations/{consultation_id}/complete", { params: { path: { consultation_id: id } } });
}

export async function dial(api: Api, agentId: string, number: string): Promise<void> {
  await api.POST("/v1/agents/{agent_id}/calls", { params: { path: { agent_id: agentId } }, body: { number } });
}

export async function hangUp(api: Api, contactId: string): Promise<void> {
  await api.POST("/v1/contacts/{contact_id}/hang-up", { params: { path: { contact_id: contactId } } });
}
