/** Consulting a colleague: ctid shows them the caller, the phone calls them on a second line. */

import { useCallback } from "react";
import { App } from "antd";
import { useTranslation } from "react-i18next";

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
  const { t } = useTranslation();
  const { message } = App.useApp();
  const { desk, phone, phoneState } = useAgentDesk();
  const { api } = desk;

  const begin = useCallback<Consultations["begin"]>(
    async (call, contactId, { agent, number }) => {
      let dialled = number;
      if (agent && contactId) {
        const consultation = await consult(api, contactId, agent);
        open.set(contactId, consultation.id);
        dialled = consultation.number;
      }
      if (!dialled) return;
      if (phone.abilities.has("lines")) await phone.dial(dialled, { consultingFor: call.id });
      else void message.info({ content: t("agent.phone.consultAtPhone", { number: dialled }), duration: 15 });
    },
    [api, phone, message, t],
  );

  const cancel = useCallback<Consultations["cancel"]>(
    async (consultation) => {
      const caller = phoneState.calls.find(({ id }) => id === consultation.consultingFor);
      await phone.hangUp(consultation.id);
      if (!caller) return;
      await phone.retrieve(caller.id);
      const id = caller.contactId && open.get(caller.contactId);
      if (!id || !caller.contactId) return;
      open.delete(caller.contactId);
      await withdrawConsultation(api, id);
    },
    [api, phone, phoneState],
  );
  return { begin, cancel };
}
