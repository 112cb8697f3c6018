/** What the pages ask of ctid beside the live state: the day, earlier contacts, and whom one can reach. */

import type { Api, components } from "@ctid/client";

type Schemas = components["schemas"];
export type Case = Schemas["CaseView"];
export type Link = Schemas["LinkView"];
export type Recent = Schemas["RecentContactView"];
export type Day = Schemas["AgentDayView"];
export type DirectoryEntry = Schemas["EntryView"];
export type OwnRecord = Schemas["RecordView"];

export async function day(api: Api, agentId: string): Promise<Day> {
  const { data } = await api.GET("/v1/agents/{agent_id}/day", { params: { path: { agent_id: agentId } } });
  return data!;
}

export async function ownContacts(
  api: Api,
  agentId: string,
  query: { search?: string; cursor?: string; limit: number },
): Promise<Schemas["RecordsView"]> {
  const { data } = await api.GET("/v1/agents/{agent_id}/contacts", { params: { path: { agent_id: agentId }, query } });
  return data!;
}

export async function directory(
  api: Api,
  query: { search?: string; kind?: DirectoryEntry["kind"]; limit: number },
): Promise<DirectoryEntry[]> {
  const { data } = await api.GET("/v1/directory", { params: { query } });
  return data!.entries;
}
