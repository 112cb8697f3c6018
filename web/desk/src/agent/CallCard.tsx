/** One line of the phone: who, since when, and the buttons for what may be done now. */

import {
  CustomerServiceOutlined, MergeCellsOutlined, PauseOutlined, PhoneOutlined, PlayCircleOutlined, SwapOutlined, TeamOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { readable } from "../phone/numbers";
import { type Call, actionsOf } from "../phone/state";
import { TargetPicker } from "./TargetPicker";
import { useAgentDesk, useRun } from "./context";
import { clock, useNow } from "./time";
import { useConsultations } from "./useConsultations";
import { keyOf } from "./useShortcuts";

export function CallCard({ call, line }: { call: Call; line: number }) {
  const { t } = useTranslation();
  const { phone, phoneState, live, country, agent } = useAgentDesk();
  const run = useRun();
  const consultations = useConsultations();
  const now = useNow();
  const [picking, setPicking] = useState<"transfer" | "consult" | null>(null);
  const may = actionsOf(call, phoneState);
  const can = (ability: Parameters<typeof phone.abilities.has>[0]) => phone.abilities.has(ability);
  const contact = live.contacts.get(call.contactId ?? "") ?? (phoneState.calls.length === 1 ? live.contacts.get(agent.contact_id ?? "") : undefined);
  const name = contact?.customer?.name || call.name;
  const number = readable(contact?.ani || call.number, country);
  const holding = call.state === "held";
  const consulting = call.consultingFor !== null;
  return (
    <article
      className={`agent-call ${call.state}`}
      aria-label={`${t("agent.phone.line", { n: line })}: ${name || number}`}
      data-testid="call"
      data-state={call.state}
      data-call={call.id}
      data-consulting={consulting}
      data-held-by-other={call.heldByOther}
    >
      <div className="agent-call-head">
        <strong>{name || number || t("agent.ringing.withheld")}</strong>
        <time>{clock(now - (call.answeredAt ?? call.since))}</time>
      </div>
      <div className="agent-call-sub">
        {consulting && <b>{t("agent.phone.consulting")} · </b>}
        {name && number !== name ? `${number} · ` : ""}
        <span role="status">{t(`agent.phone.${call.returning ? "returning" : call.state}`)}</span>
        {holding && ` ${clock(now - call.since)}`}
        {call.heldByOther && ` · ${t("agent.phone.heldByOther")}`}
      </div>
      <div className="agent-call-buttons" hidden={call.state === "ringing"}>
        {may.has("hold") && can("hold") && (!consulting || can("lines")) && (
          <Button
            icon={<PauseOutlined />}
            onClick={() => void run(() => phone.hold(call.id))}
            aria-keyshortcuts={keyOf("hold")}
            data-testid="hold"
          >
            {t("agent.phone.hold")}
          </Button>
        )}
        {may.has("retrieve") && can("hold") && (phoneState.calls.length === 1 || can("lines")) && (
          <Button
            type="primary"
            icon={phoneState.calls.length > 1 ? <SwapOutlined /> : <PlayCircleOutlined />}
            onClick={() => void run(() => phone.retrieve(call.id))}
            data-testid={phoneState.calls.length > 1 ? "swap" : "retrieve"}
          >
            {t(phoneState.calls.length > 1 ? "agent.phone.swap" : "agent.phone.retrieve")}
          </Button>
        )}
        {may.has("transfer") && (contact || can("refer")) && (
          <Button icon={<CustomerServiceOutlined />} onClick={() => setPicking("transfer")} data-testid="transfer">
            {t("agent.phone.transfer")}
          </Button>
        )}
        {may.has("consult") && (
          <Button icon={<TeamOutlined />} onClick={() => setPicking("consult")} data-testid="consult">
            {t("agent.phone.consult")}
          </Button>
        )}
        {may.has("complete") && (
          <Button
            type="primary"
            icon={<CustomerServiceOutlined />}
            onClick={() => void run(() => phone.complete(call.id))}
            data-testid="complete-transfer"
          >
            {t("agent.phone.complete")}
          </Button>
        )}
        {may.has("conference") && can("conference") && (
          <Button
            icon={<MergeCellsOutlined />}
            aria-pressed={phoneState.conference}
            onClick={() => void run(() => phone.conference(!phoneState.conference))}
            data-testid="conference"
          >
            {t(phoneState.conference ? "agent.phone.endConference" : "agent.phone.conference")}
          </Button>
        )}
        {consulting && (
          <Button onClick={() => void run(() => consultations.cancel(call))} data-testid="cancel-consult">
            {t("agent.phone.cancelConsult")}
          </Button>
        )}
        {may.has("hangUp") && (
          <Button
            danger
            type="primary"
            icon={<PhoneOutlined rotate={225} />}
            onClick={() => void run(() => phone.hangUp(call.id))}
            aria-keyshortcuts={keyOf("hangUp")}
            data-testid="hang-up"
          >
            {t("agent.phone.hangUp")}
          </Button>
        )}
      </div>
      {picking && <TargetPicker kind={picking} call={call} contactId={contact?.id ?? null} onClose={() => setPicking(null)} />}
    </article>
  );
}
