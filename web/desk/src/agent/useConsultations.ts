/** Consulting a colleague: ctid shows them the caller; the page's phone calls them on a second line, ctid any other's. */

import { useCallback } from "react";

import type { Call } from "../phone/state";
import { useAgentDesk } from "./context";
import { consult, withdrawConsultation } from "./callControl";

/** Consultations begun in this tab, by the contact they are about. */
const open = new Map<string, string>();

export interface Consultations {
  begin(call: Call, contactId: string | null, to: { agent?: string; number: string | null }): Promise<void>;
  /** Hang up the one who was asked and talk to the caller again. */
  cancel(consultation: Call): Promise<void>;
}

export function useConsultations(): Consultations {
  const { desk, phone, phoneState } = useAgentDesk();
  const { api } = desk;

  const begin = useCallback<Consultations["begin"]>(
    async (call, contactId, { agent, number }) => {
      if (!phone.abilities.has("lines")) {
        if (contactId && agent) await consult(api, contactId, { agent, dial: true });
        else if (contactId && number) await consult(api, contactId, { number, dial: true });
        return;
      }
      let dialled = number;
      if (agent && contactId) {
        const consultation = await consult(api, contactId, { agent });
        open.set(contactId, consultation.id);
        dialled = consultation.number;
      }
      if (dialled) await phone.dial(dialled, { consultingFor: call.id });
    },
    [api, phone],
  );

  const cancel = useCallback<Consultations["cancel"]>(
    async (consultation) => {
      const caller = phoneState.calls.find(({ id }) => id === consultation.consultingFor);
      await phone.hangUp(consultation.id);
      if (!caller) return;
      // ctid has the agent with the caller already if they had swapped.
      if (phone.abilities.has("lines") || caller.state === "held") await phone.retrieve(caller.id);
      const id = caller.contactId && open.get(caller.contactId);
      if (!id || !caller.contactId) return;
      open.delete(caller.contactId);
      await withdrawConsultation(api, id);
    },
    [api, phone, phoneState],
  );
  return { begin, cancel };
}
