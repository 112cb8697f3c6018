/** Operations and fields that the API's description does not have yet, typed by hand. */

import type { Api } from "@ctid/client";

import type { Agent, Contact } from "../live/store";

export interface Case {
  id: string;
  title: string;
  state: string;
  url: string | null;
}

export interface Link {
  name: string;
  url: string;
  embed: boolean;
}

export interface Recent {
  contact_id: string;
  at: string;
  channel: string;
  queue: string | null;
  agent_id: string | null;
  outcome: string;
  disposition: string | null;
  notes: string | null;
}

export interface DeskData {
  script?: string | null;
  links?: Link[];
  recent?: Recent[];
}

export interface Consultation {
  id: string;
  contact_id: string;
  from_agent: string;
  to_agent: string;
  number: string;
  created_at: string;
}

export interface Day {
  since: string;
  contacts: number;
  missed: number;
  talk_ms: number;
  hold_ms: number;
  wrap_up_ms: number;
  ready_ms: number;
  not_ready_ms: number;
  by_reason: Record<string, number>;
  callbacks: Contact[];
}

export interface DirectoryEntry {
  kind: "agent" | "queue" | "number";
  id: string;
  name: string;
  number: string | null;
  state: Agent["state"] | null;
  team: string | null;
}

export interface OwnRecord {
  contact_id: string;
  channel: string;
  ani: string | null;
  customer: { name: string } | null;
  queue: string | null;
  outcome: string;
  disposition: string | null;
  notes: string | null;
  created_at: string;
  talk_ms: number;
}

export type Destination = { queue: string } | { agent: string } | { number: string };

interface Untyped {
  GET(path: string, init: object): Promise<{ data?: unknown }>;
  POST(path: string, init: object): Promise<{ data?: unknown }>;
  DELETE(path: string, init: object): Promise<{ data?: unknown }>;
}

const untyped = (api: Api) => api as unknown as Untyped;

export async function transfer(api: Api, contactId: string, to: Destination): Promise<void> {
  await untyped(api).POST("/v1/contacts/{contact_id}/transfer", { params: { path: { contact_id: contactId } }, body: { to } });
}

export async function consult(api: Api, contactId: string, agent: string): Promise<Consultation> {
  const { data } = await untyped(api).POST("/v1/contacts/{contact_id}/consultations", {
    params: { path: { contact_id: contactId } },
    body: { agent },
  });
  return (data as { consultation: Consultation }).consultation;
}

export async function withdrawConsultation(api: Api, id: string): Promise<void> {
  await untyped(api).DELETE("/v1/consultations/{consultation_id}", { params: { path: { consultation_id: id } } });
}

export async function dial(api: Api, agentId: string, number: string): Promise<void> {
  await untyped(api).POST("/v1/agents/{agent_id}/calls", { params: { path: { agent_id: agentId } }, body: { number } });
}

export async function hangUp(api: Api, contactId: string): Promise<void> {
  await untyped(api).POST("/v1/contacts/{contact_id}/hang-up", { params: { path: { contact_id: contactId } } });
}

export async function day(api: Api, agentId: string): Promise<Day> {
  const { data } = await untyped(api).GET("/v1/agents/{agent_id}/day", { params: { path: { agent_id: agentId } } });
  return data as Day;
}

export async function ownContacts(
  api: Api,
  agentId: string,
  query: { search?: string; cursor?: string; limit: number },
): Promise<{ items: OwnRecord[]; next_cursor: string | null }> {
  const { data } = await untyped(api).GET("/v1/agents/{agent_id}/contacts", {
    params: { path: { agent_id: agentId }, query },
  });
  return data as { items: OwnRecord[]; next_cursor: string | null };
}

export async function directory(api: Api, search: string, limit: number): Promise<DirectoryEntry[]> {
  const { data } = await untyped(api).GET("/v1/directory", { params: { query: { ...(search && { search }), limit } } });
  return (data as { entries: DirectoryEntry[] }).entries;
}
