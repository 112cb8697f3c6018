/** The agent's phone, whichever kind it is: made after what ctid tells, for as long as the page is there. */

import { type Api, ProblemError } from "@ctid/client";
import { useEffect, useMemo, useState, useSyncExternalStore } from "react";

import type { Agent, LiveState } from "../live/store";
import type { Audio } from "../phone/audio";
import { DevicePhone } from "../phone/devicePhone";
import type { Phone } from "../phone/phone";
import type { PhoneState } from "../phone/state";
import { type Registration, WebPhone } from "../phone/webPhone";
import { deviceCommands } from "./callControl";
import { enquiryOf, partiesOf } from "./parties";

const AGAIN_MS = 3_000;

interface Told {
  kind: "web" | "device";
  device: string;
  web: Registration | null;
}

export function useDeskPhone(
  api: Api,
  agentId: string,
  audio: Audio,
): { phone: Phone; phoneState: PhoneState; device: string | null } {
  const [told, setTold] = useState<Told | null>(null);

  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () => {
      askPhone(api, agentId).then(
        (phone) => gone || setTold(phone),
        (error: unknown) => {
          if (!gone && !(error instanceof ProblemError && error.status === 403)) timer = setTimeout(ask, AGAIN_MS);
        },
      );
    };
    ask();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [api, agentId]);

  const kind = told?.kind ?? null;
  const phone = useMemo<Phone>(() => {
    if (kind === "web") {
      return new WebPhone(async () => {
        const { web } = await askPhone(api, agentId);
        if (!web) throw new Error("the phone is no web phone any more");
        return web;
      }, audio);
    }
    return new DevicePhone(deviceCommands(api, agentId));
  }, [kind, api, agentId, audio]);

  useEffect(() => {
    phone.start();
    return () => phone.stop();
  }, [phone]);

  const phoneState = useSyncExternalStore(phone.watch, phone.now);
  return { phone, phoneState, device: told?.kind === "device" ? told.device : null };
}

async function askPhone(api: Api, agentId: string): Promise<Told> {
  const { data } = await api.GET("/v1/agents/{agent_id}/phone", { params: { path: { agent_id: agentId } } });
  return data as Told;
}

/** Let a hardware phone be seen as ctid's events tell of it. */
export function useSeen(phone: Phone, agent: Agent | undefined, live: LiveState): void {
  useEffect(() => {
    if (!(phone instanceof DevicePhone) || !agent) return;
    const contacts = [...live.contacts.values()].filter(({ channel }) => channel === "voice");
    phone.see({
      reachable: agent.device_reachable,
      inUse: agent.device_in_use,
      contacts: contacts.map((contact) => ({
        id: contact.id,
        number: contact.ani ?? "",
        name: contact.customer?.name ?? "",
        offerId: contact.offer_ids[0] ?? null,
        leg: contact.legs.find(({ party, agent_id, state }) => party === "agent" && agent_id === agent.id && state !== "disconnected") ?? null,
        connectedAt: contact.connected_at ? Date.parse(contact.connected_at) - live.clockAhead : null,
        consultation: asked(live, contact.id, agent.id),
        shared: partiesOf(live, contact, agent.id).length > 0,
      })),
    });
  }, [phone, agent, live]);
}

/** Whom ctid has called for the agent to be asked about this contact. */
function asked(live: LiveState, contactId: string, agentId: string) {
  const consultation = enquiryOf(live, contactId, agentId);
  if (!consultation) return null;
  const { id, number, state, to_agent } = consultation;
  return { id, number, state, name: (to_agent && live.agents.get(to_agent)?.name) ?? to_agent ?? "" };
}
