/** One line of the phone: who, since when, and the buttons for what may be done now. */

import {
  CustomerServiceOutlined, MergeCellsOutlined, PauseOutlined, PhoneOutlined, PlayCircleOutlined, PushpinOutlined,
  SwapOutlined, TeamOutlined, UserAddOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { readable } from "../phone/numbers";
import { type Call, actionsOf } from "../phone/state";
import { CallTargets, type Purpose } from "./CallTargets";
import { MenuButton } from "./MenuButton";
import { Parties } from "./Parties";
import { RecordingLine } from "./RecordingLine";
import { completeConsultation, retrieve } from "./callControl";
import { useAgentDesk, useRun } from "./context";
import { enquiryOf, mayAdd, partiesOf } from "./parties";
import { clock, useNow } from "./time";
import { useConsultations } from "./useConsultations";
import { keyOf } from "./useShortcuts";
import { flowOf } from "./waiting";

export function CallCard({ call, line }: { call: Call; line: number }) {
  const { t } = useTranslation();
  const { desk, phone, phoneState, live, country, agent } = useAgentDesk();
  const run = useRun();
  const consultations = useConsultations();
  const now = useNow();
  const [picking, setPicking] = useState<Purpose | null>(null);
  const may = actionsOf(call, phoneState);
  const can = (ability: Parameters<typeof phone.abilities.has>[0]) => phone.abilities.has(ability);
  const contact = live.contacts.get(call.contactId ?? "") ?? (phoneState.calls.length === 1 ? live.contacts.get(agent.contact_id ?? "") : undefined);
  const name = contact?.customer?.name || call.name;
  const number = readable(contact?.ani || call.number, country);
  const holding = call.state === "held";
  const consulting = call.consultingFor !== null;
  const several = phoneState.calls.length > 1;
  // Between two of its own lines a phone swaps as it likes; ctid does once both have answered.
  const swaps = several && (can("lines") || phoneState.calls.every(({ answeredAt }) => answeredAt !== null));
  const parties = contact ? partiesOf(live, contact, agent.id) : [];
  const shared = parties.length > 0;
  const flow = contact && !consulting ? flowOf(contact, enquiryOf(live, contact.id, agent.id) !== null) : null;
  // ctid has taken the caller away from a phone that knows nothing of it.
  const away = flow !== null && call.state === "connected";
  // What cannot be done just now keeps its place, so that nothing jumps under the hand.
  const alone = contact && !several && !shared ? contact : null;
  const left = parties.find(({ actions }) => actions.includes("complete"));
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
        <span role="status">
          {flow !== null ? t("agent.menu.inFlow", { name: flow }) : t(`agent.phone.${call.returning ? "returning" : call.state}`)}
        </span>
        {holding && ` ${clock(now - call.since)}`}
        {call.heldByOther && ` · ${t("agent.phone.heldByOther")}`}
      </div>
      {contact && <RecordingLine contact={contact} />}
      {contact && <Parties contactId={contact.id} parties={parties} />}
      <div className="agent-call-buttons" hidden={call.state === "ringing"}>
        {away && (
          <Button
            type="primary"
            icon={<PlayCircleOutlined />}
            onClick={() => void run(() => retrieve(desk.api, contact?.id ?? ""))}
            data-testid="retrieve"
          >
            {t("agent.phone.retrieve")}
          </Button>
        )}
        {may.has("hold") && can("hold") && !away && !shared && (!several || can("lines")) && (
          <Button
            icon={<PauseOutlined />}
            onClick={() => void run(() => phone.hold(call.id))}
            aria-keyshortcuts={keyOf("hold")}
            data-testid="hold"
          >
            {t("agent.phone.hold")}
          </Button>
        )}
        {may.has("retrieve") && can("hold") && (!several || swaps) && (
          <Button
            type="primary"
            icon={several ? <SwapOutlined /> : <PlayCircleOutlined />}
            onClick={() => void run(() => (several ? phone.swap(call.id) : phone.retrieve(call.id)))}
            data-testid={several ? "swap" : "retrieve"}
          >
            {t(several ? "agent.phone.swap" : "agent.phone.retrieve")}
          </Button>
        )}
        {may.has("transfer") && !shared && (contact || can("refer")) && (
          <Button icon={<CustomerServiceOutlined />} onClick={() => setPicking("transfer")} data-testid="transfer">
            {t("agent.phone.transfer")}
          </Button>
        )}
        {(may.has("consult") || alone) && !shared && (
          <Button icon={<TeamOutlined />} disabled={!may.has("consult")} onClick={() => setPicking("consult")} data-testid="consult">
            {t("agent.phone.consult")}
          </Button>
        )}
        {contact && !several && mayAdd(contact, parties) && (
          <Button
            icon={<UserAddOutlined />}
            disabled={call.state !== "connected" || away}
            onClick={() => setPicking("add")}
            data-testid="add-party"
          >
            {t("agent.phone.addParty")}
          </Button>
        )}
        {contact && !several && contact.allowed_actions.includes("park") && (
          <Button icon={<PushpinOutlined />} onClick={() => setPicking("park")} data-testid="park">
            {t("agent.park.park")}
          </Button>
        )}
        {alone && contact?.allowed_actions.includes("transfer") && <MenuButton contact={alone} />}
        {left && (
          <Button
            icon={<CustomerServiceOutlined />}
            onClick={() => void run(() => completeConsultation(desk.api, left.id))}
            data-testid="leave"
          >
            {t("agent.phone.leave")}
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
            className="agent-hang-up"
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
      {picking && <CallTargets purpose={picking} call={call} contactId={contact?.id ?? null} onClose={() => setPicking(null)} />}
    </article>
  );
}
