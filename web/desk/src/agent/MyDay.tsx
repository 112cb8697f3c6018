/** The agent's day in figures, and the customers who wait for their call. */

import { PhoneOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";

import type { Queue } from "../live/store";
import { readable } from "../phone/numbers";
import { useAgentDesk } from "./context";
import { at, clock, useNow } from "./time";
import { useActions } from "./useActions";
import type { DayNow } from "./useDay";

export function MyDay({ day: { day, at: asked, failed } }: { day: DayNow }) {
  const { t, i18n } = useTranslation();
  const { agent, live, reasons } = useAgentDesk();
  const now = useNow();
  if (!day) return failed ? <p className="agent-hint">{t("agent.day.unavailable")}</p> : null;
  const since = Math.max(0, now - asked);
  const running = (state: string) => (agent.state === state ? since : 0);
  const handled = day.talk_ms + day.hold_ms + day.wrap_up_ms;
  const label = (code: string) => {
    const system = t(`agent.reason.${code}`);
    const own = reasons.find((reason) => reason.code === code)?.label;
    if (!code) return t("agent.state.noReason");
    return system.startsWith("agent.") ? (own ?? code) : system;
  };
  const times: [string, number][] = [
    ["talk", day.talk_ms + running("BUSY")],
    ["hold", day.hold_ms],
    ["wrapUp", day.wrap_up_ms + running("WRAP_UP")],
    ["ready", day.ready_ms + running("READY")],
    ["notReady", day.not_ready_ms + running("NOT_READY")],
  ];
  const all = times.reduce((sum, [, ms]) => sum + ms, 0) || 1;
  return (
    <div className="agent-day" data-testid="day">
      <div className="agent-figures">
        <div>
          <b data-testid="day-contacts">{day.contacts}</b>
          {t("agent.day.contacts")}
        </div>
        <div>
          <b data-testid="day-missed">{day.missed}</b>
          {t("agent.day.missed")}
        </div>
        <div title={t("agent.day.mean")}>
          <b>{day.contacts > 0 ? clock(handled / day.contacts) : "–"}</b>⌀
        </div>
      </div>
      <div className="agent-share" aria-hidden>
        {times.map(([name, ms]) => (
          <i key={name} className={name} style={{ flexGrow: ms / all }} />
        ))}
      </div>
      <dl className="agent-times">
        {times.map(([name, ms]) => (
          <div key={name}>
            <dt>
              <i className={name} aria-hidden />
              {t(`agent.day.${name}`)}
            </dt>
            <dd>{clock(ms)}</dd>
          </div>
        ))}
      </dl>
      {Object.keys(day.by_reason).length > 0 && (
        <>
          <h3>{t("agent.day.reasons")}</h3>
          <dl className="agent-times">
            {Object.entries(day.by_reason).map(([code, ms]) => (
              <div key={code}>
                <dt>{label(code)}</dt>
                <dd>{clock(ms + (agent.state === "NOT_READY" && agent.reason === code ? since : 0))}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
      <p className="agent-hint">{t("agent.day.since", { at: at(day.since, i18n.language) })}</p>
      <QueuesNow queues={[...live.queues.values()]} />
    </div>
  );
}

function QueuesNow({ queues }: { queues: Queue[] }) {
  const { t } = useTranslation();
  const { agent, desk } = useAgentDesk();
  const now = useNow();
  const mine = Object.keys(agent.queues);
  const seen = queues.filter(({ id, waiting }) => (mine.length > 0 ? mine.includes(id) : waiting > 0)).slice(0, 6);
  if (seen.length === 0) return null;
  return (
    <>
      <h3>{t("agent.queueNow.title")}</h3>
      <dl className="agent-times">
        {seen.map((queue) => (
          <div key={queue.id}>
            <dt>{queue.name}</dt>
            <dd>
              {t("agent.queueNow.waiting", { count: queue.waiting })}
              {/* Nobody tells that who waits goes on waiting. */}
              {queue.waiting > 0 && ` · ${clock(queue.longest_wait_ms + desk.live.age(queue, now))}`}
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

export function Callbacks({ day: { day, failed } }: { day: DayNow }) {
  const { t, i18n } = useTranslation();
  const { country, live } = useAgentDesk();
  const { dial } = useActions();
  if (!day) return failed ? <p className="agent-hint">{t("agent.day.unavailable")}</p> : null;
  if (day.callbacks.length === 0) return <p className="agent-hint" data-testid="no-callbacks">{t("agent.callbacks.none")}</p>;
  return (
    <ul className="agent-list" data-testid="callbacks">
      {day.callbacks.map((contact) => {
        const { callback } = contact;
        if (!callback) return null;
        const who = contact.customer?.name ?? readable(callback.number, country);
        return (
          <li key={contact.id} className="agent-row">
            <span>
              <b>{who}</b>
              <small>
                {[
                  contact.queue ? (live.queues.get(contact.queue)?.name ?? contact.queue) : "",
                  callback.dialling ? t("agent.callbacks.dialling") : "",
                  callback.attempts > 0 ? t("agent.callbacks.attempts", { count: callback.attempts }) : "",
                  callback.not_before ? t("agent.callbacks.notBefore", { at: at(callback.not_before, i18n.language) }) : "",
                  t("agent.callbacks.until", { at: at(callback.expires_at, i18n.language) }),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </small>
            </span>
            <Button
              icon={<PhoneOutlined />}
              aria-label={t("agent.directory.call", { name: who })}
              disabled={callback.dialling}
              onClick={() => void dial(callback.number)}
            />
          </li>
        );
      })}
    </ul>
  );
}
