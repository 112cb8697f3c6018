/** What the agent can do, for buttons and keys alike. */

import type { Agent } from "../live/store";
import { toDial } from "../phone/numbers";
import { foremost } from "../phone/state";
import { useAgentDesk, useRun } from "./context";
import { type Incoming, incomingOf } from "./incoming";
import { deviceCommands, hangUp } from "./callControl";

export type Settable = "READY" | "NOT_READY" | "LOGGED_OUT";

export interface Actions {
  incoming: Incoming | null;
  setState: (state: Settable, reason?: string) => Promise<boolean>;
  answer: () => Promise<boolean>;
  reject: () => Promise<boolean>;
  /** Reject what rings and be not ready from then on. */
  rejectFor: (reason?: string) => Promise<boolean>;
  /** Reject what rings, else hang up the talk. */
  hangUp: () => Promise<boolean>;
  dial: (number: string) => Promise<boolean>;
  completeWrapUp: (contactId: string) => Promise<boolean>;
  setDisposition: (contactId: string, disposition: string) => Promise<boolean>;
  extendWrapUp: (contactId: string, seconds: number) => Promise<boolean>;
}

/** From these states on the way is open to go where one wants; the others make it pending. */
export const AT_REST: readonly Agent["state"][] = ["LOGGED_OUT", "NOT_READY", "READY"];

export function useActions(): Actions {
  const { desk, agent, work, phone, phoneState, drafts, country } = useAgentDesk();
  const run = useRun();
  const { api } = desk;
  const incoming = incomingOf(work, phoneState);

  const wrapUp = (contactId: string, body: { disposition?: string; extend_seconds?: number; complete?: boolean }) =>
    run(() => api.PUT("/v1/contacts/{contact_id}/wrap-up", { params: { path: { contact_id: contactId } }, body }));

  const answer = () =>
    run(async () => {
      if (!incoming) return;
      if (incoming.offer && incoming.needsAccept) {
        await api.POST("/v1/offers/{offer_id}/accept", { params: { path: { offer_id: incoming.offer.id } } });
      } else if (incoming.offer && phone.kind === "device") {
        await deviceCommands(api, agent.id).answer(incoming.offer.id);
      } else if (incoming.callId) {
        await phone.answer(incoming.callId);
      }
    });
  const reject = () =>
    run(async () => {
      if (!incoming) return;
      if (incoming.offer) {
        await api.POST("/v1/offers/{offer_id}/reject", { params: { path: { offer_id: incoming.offer.id } } });
      } else if (incoming.callId) {
        await phone.hangUp(incoming.callId);
      }
    });

  const setState: Actions["setState"] = (state, reason) =>
    run(() =>
      api.PUT("/v1/agents/{agent_id}/state", {
        params: { path: { agent_id: agent.id } },
        body: { state, ...(reason && { reason }) },
      }),
    );

  return {
    incoming,
    answer,
    reject,
    // The state first: it comes after what rings, and nothing else is offered in between.
    rejectFor: async (reason) => (await setState("NOT_READY", reason)) && reject(),
    setState,
    hangUp: () => {
      if (incoming) return reject();
      return run(async () => {
        const call = foremost(phoneState);
        if (call) await phone.hangUp(call.id);
        else if (agent.state === "BUSY" && agent.contact_id) await hangUp(api, agent.contact_id);
      });
    },
    dial: (number) =>
      run(async () => {
        const dialled = toDial(number, country);
        if (dialled) await phone.dial(dialled);
      }),
    completeWrapUp: async (contactId) => {
      await drafts.flush(contactId);
      return wrapUp(contactId, { complete: true });
    },
    setDisposition: (contactId, disposition) => wrapUp(contactId, { disposition }),
    extendWrapUp: (contactId, seconds) => wrapUp(contactId, { extend_seconds: seconds }),
  };
}
