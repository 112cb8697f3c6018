/** Small things that tables and drawers share: numbers with a level, states with icon and word, times that go on. */

import {
  BellOutlined,
  CheckCircleFilled,
  ClockCircleOutlined,
  EditOutlined,
  ExclamationCircleFilled,
  PauseCircleFilled,
  PhoneFilled,
  PoweroffOutlined,
  WarningFilled,
} from "@ant-design/icons";
import { Tooltip } from "antd";
import type { TFunction } from "i18next";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { useDesk } from "../app/desk";
import { type Agent, type Contact, useSelected } from "../live/store";
import { useNow } from "./clock";
import { duration } from "./format";
import type { Queue } from "../live/store";
import { useSite } from "./site";
import type { Level } from "./thresholds";

export function useText() {
  return useTranslation("translation", { keyPrefix: "supervisor" });
}

export function LevelIcon({ level }: { level: Level }) {
  const { t } = useText();
  if (level === "warn") return <WarningFilled aria-label={t("level.warn")} />;
  if (level === "alarm") return <ExclamationCircleFilled aria-label={t("level.alarm")} />;
  return null;
}

/** A number, coloured and marked where it is bad. */
export function Levelled({ level, children }: { level: Level; children: ReactNode }) {
  return (
    <span className={`sup-level ${level}`} data-level={level}>
      <LevelIcon level={level} />
      {children}
    </span>
  );
}

export const AGENT_STATES = ["READY", "RESERVED", "BUSY", "WRAP_UP", "NOT_READY", "LOGGED_OUT"] as const;
export type AgentStateName = (typeof AGENT_STATES)[number];

const STATE_ICONS: Record<AgentStateName, ReactNode> = {
  READY: <CheckCircleFilled style={{ color: "var(--sup-ready)" }} aria-hidden />,
  RESERVED: <BellOutlined style={{ color: "var(--sup-reserved)" }} aria-hidden />,
  BUSY: <PhoneFilled style={{ color: "var(--sup-busy)" }} aria-hidden />,
  WRAP_UP: <EditOutlined style={{ color: "var(--sup-wrap-up)" }} aria-hidden />,
  NOT_READY: <PauseCircleFilled style={{ color: "var(--sup-not-ready)" }} aria-hidden />,
  LOGGED_OUT: <PoweroffOutlined style={{ color: "var(--sup-logged-out)" }} aria-hidden />,
};

export function StateIcon({ state }: { state: AgentStateName }) {
  return STATE_ICONS[state];
}

export function AgentStateMark({ agent }: { agent: Agent }) {
  const { t } = useText();
  return (
    <span className="sup-state" data-state={agent.state}>
      <StateIcon state={agent.state} />
      {t(`state.${agent.state}`)}
      {agent.pending_state && (
        <Tooltip title={t("agents.pending", { state: t(`state.${agent.pending_state}`) })}>
          <span className="sup-state sup-muted">
            → <StateIcon state={agent.pending_state} />
            <span className="sup-clip">{t(`state.${agent.pending_state}`)}</span>
          </span>
        </Tooltip>
      )}
    </span>
  );
}

/** How long ago something began, by ctid's clock. */
export function Since({ at }: { at: string | null }) {
  const { live } = useDesk();
  const now = useNow();
  if (!at) return null;
  return <time className="sup-num" dateTime={at}>{duration(now + live.now().clockAhead - Date.parse(at))}</time>;
}

/** How long until something happens; zero once it should have. */
export function Until({ at }: { at: string }) {
  const { live } = useDesk();
  const now = useNow();
  return <time className="sup-num" dateTime={at}>{duration(Date.parse(at) - now - live.now().clockAhead)}</time>;
}

export function isWaiting(contact: Contact): boolean {
  return contact.state === "queued" || contact.state === "offered";
}

/** How long a contact has waited, to this second. */
export function Wait({ contact }: { contact: Contact }) {
  const { live } = useDesk();
  const now = useNow();
  const more = isWaiting(contact) ? live.age(contact, now) : 0;
  return <span className="sup-num">{duration(contact.wait_ms + more)}</span>;
}

/** The longest wait in a queue, as it is now. */
export function longestWait(queue: Queue, age: number): number {
  return queue.waiting > 0 ? queue.longest_wait_ms + age : 0;
}

/** Who it is, as people say it. */
export function contactName(contact: Pick<Contact, "customer" | "ani" | "channel">, t: TFunction<"translation", "supervisor">): string {
  return contact.customer?.name || contact.ani || t(contact.channel === "voice" ? "contact.withheld" : "contact.unknown");
}

export function QueueName({ id }: { id: string | null }) {
  const { live } = useDesk();
  const name = useSelected(live, (state) => (id ? state.queues.get(id)?.name : undefined));
  return <>{name ?? id ?? "–"}</>;
}

export function AgentName({ id }: { id: string | null }) {
  const { live } = useDesk();
  const name = useSelected(live, (state) => (id ? state.agents.get(id)?.name : undefined));
  return <>{name ?? id ?? "–"}</>;
}

export function Reason({ code }: { code: string | null }) {
  const site = useSite();
  const { t } = useText();
  if (!code) return null;
  return <>{t(`reason.${code}`, { defaultValue: site.reasonLabel(code) })}</>;
}

export function Waited({ ms }: { ms: number | null }) {
  if (ms === null) return <span className="sup-muted">–</span>;
  return (
    <span className="sup-num">
      <ClockCircleOutlined aria-hidden /> {duration(ms)}
    </span>
  );
}
