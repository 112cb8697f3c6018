/** Why a contact waits: in words, and as what can be acted on: who is able, what hinders them, what comes next. */

import { Progress, Skeleton, Tag } from "antd";

import { AgentName, Until, Waited, useText } from "./parts";
import type { Routing } from "./useRouting";

type Waiting = NonNullable<Routing["waiting"]>;

function Hindrances({ waiting }: { waiting: Waiting }) {
  const { t } = useText();
  const { able } = waiting;
  const found = Object.entries(able.by_hindrance).filter(([, count]) => count > 0);
  return (
    <>
      <h3>{t("why.able", { count: able.logged_in, out: able.logged_out })}</h3>
      {able.logged_in > 0 && (
        <div className="sup-chips" style={{ marginBottom: 6 }}>
          {found.map(([name, count]) => (
            <Tag key={name} bordered>
              {t(`hindrance.${name}`, { defaultValue: name })} <b>{count}</b>
            </Tag>
          ))}
        </div>
      )}
      {able.agents.length > 0 && (
        <ul>
          {able.agents.slice(0, 8).map((agent) => (
            <li key={agent.agent_id}>
              <AgentName id={agent.agent_id} />: {agent.text}
              {agent.until && (
                <span className="sup-muted">
                  {" "}
                  (<Until at={agent.until} />)
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Steps({ waiting }: { waiting: Waiting }) {
  const { t } = useText();
  if (waiting.steps.length < 2) return null;
  return (
    <>
      <h3>{t("why.steps")}</h3>
      <ul>
        {waiting.steps.map((step) => (
          <li key={step.index} className={step.in_force ? "" : "sup-muted"}>
            {step.needs}{" "}
            {step.in_force ? (
              <Tag color="blue" bordered={false}>
                {t("why.inForce")}
              </Tag>
            ) : step.begins ? (
              <b>
                {t("why.in")} <Until at={step.begins} />
              </b>
            ) : null}
            {!step.in_force && ` ${t("why.adds", { count: step.adds, free: step.adds_free })}`}
          </li>
        ))}
      </ul>
    </>
  );
}

function NearMisses({ waiting }: { waiting: Waiting }) {
  const { t } = useText();
  if (!waiting.near_misses.total) return null;
  return (
    <>
      <h3>{t("why.near", { count: waiting.near_misses.total })}</h3>
      <ul>
        {waiting.near_misses.agents.slice(0, 5).map((agent) => (
          <li key={agent.agent_id}>
            <AgentName id={agent.agent_id} />: {agent.text}
          </li>
        ))}
      </ul>
    </>
  );
}

export function WhyItWaits({ routing }: { routing: Routing | null | undefined }) {
  const { t } = useText();
  if (routing === undefined) return <Skeleton active title={false} />;
  if (routing === null) return <p className="sup-muted">{t("why.unknown")}</p>;
  const { waiting } = routing;
  return (
    <div className="sup-why" data-testid="why" aria-live="polite">
      <p style={{ fontSize: 15, lineHeight: 1.55 }} data-testid="why-text">
        {routing.text}
      </p>
      {routing.offers.map((offer) => (
        <p key={offer.offer_id}>
          {offer.text} <Until at={offer.expires_at} />
        </p>
      ))}
      {waiting && (
        <>
          {waiting.held && <Tag color="red">{t(`held.${waiting.held}`)}</Tag>}
          {waiting.expected_wait_ms !== null && (
            <p>
              {t("why.expected")} <Waited ms={waiting.expected_wait_ms} />
              <Progress
                percent={Math.round((waiting.waited_ms / Math.max(1, waiting.waited_ms + waiting.expected_wait_ms)) * 100)}
                showInfo={false}
                size="small"
                aria-hidden
              />
            </p>
          )}
          <Hindrances waiting={waiting} />
          <Steps waiting={waiting} />
          <NearMisses waiting={waiting} />
        </>
      )}
    </div>
  );
}
