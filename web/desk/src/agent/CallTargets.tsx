/** Whom a call goes to, who is asked about it, who is called into it, or who is to fetch it. */

import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import type { Call } from "../phone/state";
import { type Target, TargetPicker } from "./TargetPicker";
import { addParty, destinationOf, transfer } from "./callControl";
import { useAgentDesk, useRun } from "./context";
import { park } from "./diversion";
import { useConsultations } from "./useConsultations";

export type Purpose = "transfer" | "consult" | "add" | "park";

const TEXTS: Record<Purpose, { title: string; hint: string }> = {
  transfer: { title: "agent.transfer.title", hint: "agent.transfer.hint" },
  consult: { title: "agent.transfer.consultTitle", hint: "agent.transfer.consultHint" },
  add: { title: "agent.transfer.addTitle", hint: "agent.transfer.addHint" },
  park: { title: "agent.park.title", hint: "agent.park.hint" },
};

interface Props {
  purpose: Purpose;
  call: Call;
  contactId: string | null;
  onClose: () => void;
}

export function CallTargets({ purpose, call, contactId, onClose }: Props) {
  const { t } = useTranslation();
  const { desk, phone, phoneState } = useAgentDesk();
  const run = useRun();
  const consultations = useConsultations();
  const { api } = desk;

  // The call may be over before one has chosen.
  const gone = !phoneState.calls.some(({ id }) => id === call.id);
  useEffect(() => {
    if (gone) onClose();
  }, [gone, onClose]);

  const choose = (target: Target | null) =>
    run(async () => {
      if (purpose === "park") {
        if (contactId) await park(api, contactId, target?.id ?? null);
      } else if (!target) {
        return;
      } else if (purpose === "add") {
        const number = target.number ?? target.id;
        if (contactId) await addParty(api, contactId, target.kind === "agent" ? { agent: target.id } : { number });
      } else if (purpose === "consult") {
        await consultations.begin(call, contactId, { ...(target.kind === "agent" && { agent: target.id }), number: target.number });
      } else if (contactId) {
        await transfer(api, contactId, destinationOf(target));
      } else if (target.number) {
        await phone.refer(call.id, target.number);
      }
    });
  const kinds: Record<Purpose, Target["kind"][]> = {
    transfer: contactId === null ? ["agent", "number"] : ["agent", "queue", "number"],
    consult: ["agent", "number"],
    add: ["agent", "number"],
    park: ["agent"],
  };
  return (
    <TargetPicker
      title={t(TEXTS[purpose].title)}
      hint={t(TEXTS[purpose].hint)}
      kinds={kinds[purpose]}
      {...(purpose === "park" && { anybody: t("agent.park.toAnybody") })}
      onChoose={choose}
      onClose={onClose}
    />
  );
}
