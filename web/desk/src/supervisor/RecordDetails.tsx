/** A record opened: where it went, how long it was in each state, whom it was offered to, and why. */

import { Table, Tag } from "antd";
import type { components } from "@ctid/client";

import { Decisions } from "./Decisions";
import { duration, moment, timeOfDay } from "./format";
import { AgentName, QueueName, useText } from "./parts";
import { useSite } from "./site";
import { useRouting } from "./useRouting";

export type RecordView = components["schemas"]["RecordView"];

const SPAN_COLOURS: Record<string, string> = {
  created: "var(--sup-logged-out)",
  queued: "var(--sup-not-ready)",
  offered: "var(--sup-reserved)",
  connected: "var(--sup-busy)",
  wrap_up: "var(--sup-wrap-up)",
};

function Spans({ record }: { record: RecordView }) {
  const { t } = useText();
  const { zone } = useSite();
  const spans = record.spans.filter(({ state }) => state !== "closed");
  return (
    <section className="sup-section">
      <h3>{t("records.timeline")}</h3>
      <div className="sup-spans" aria-hidden>
        {spans.map((span, index) => (
          <i key={index} style={{ flexGrow: span.duration_ms ?? 0, background: SPAN_COLOURS[span.state] }} title={`${t(`contactState.${span.state}`)} ${duration(span.duration_ms ?? 0)}`} />
        ))}
      </div>
      <Table
        size="small"
        style={{ marginTop: 8 }}
        rowKey={(span) => `${span.at} ${span.state}`}
        pagination={false}
        dataSource={spans}
        columns={[
          {
            title: t("contact.state"),
            key: "state",
            render: (_, { state }) => (
              <span className="sup-state">
                <i style={{ width: 10, height: 10, borderRadius: 2, background: SPAN_COLOURS[state] }} />
                {t(`contactState.${state}`)}
              </span>
            ),
          },
          { title: t("records.at"), key: "at", className: "sup-num", render: (_, { at }) => timeOfDay(at, zone) },
          { title: t("records.lasted"), key: "lasted", align: "right", className: "sup-num", render: (_, { duration_ms }) => (duration_ms === null ? "–" : duration(duration_ms)) },
          { title: t("contact.queue"), key: "queue", render: (_, { queue }) => queue && <QueueName id={queue} /> },
          { title: t("records.agent"), key: "agent", render: (_, { agent_id }) => agent_id && <AgentName id={agent_id} /> },
        ]}
      />
    </section>
  );
}

function Offers({ record }: { record: RecordView }) {
  const { t } = useText();
  const { zone } = useSite();
  if (!record.offers.length) return null;
  return (
    <section className="sup-section">
      <h3>{t("records.offers")}</h3>
      <ul style={{ margin: 0, paddingInlineStart: 18 }}>
        {record.offers.map((offer) => (
          <li key={offer.offer_id}>
            <span className="sup-num sup-muted">{timeOfDay(offer.at, zone)}</span> <AgentName id={offer.agent_id} />: {t(`offerState.${offer.state}`)}
            {offer.cause && <span className="sup-muted"> ({t(`offerCause.${offer.cause}`)})</span>} <span className="sup-num">{duration(offer.rang_ms)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function RecordDetails({ record }: { record: RecordView }) {
  const { t, i18n } = useText();
  const site = useSite();
  const routing = useRouting(record.contact_id, null, false);
  return (
    <article data-testid="record" data-contact={record.contact_id}>
      <dl className="sup-facts">
        <dt>{t("contact.customer")}</dt>
        <dd>
          {record.customer?.name ?? "–"} {record.customer?.tier && <Tag>{record.customer.tier}</Tag>}
        </dd>
        <dt>{t("records.numbers")}</dt>
        <dd className="sup-num">
          {record.ani ?? "–"} → {record.dnis || "–"}
        </dd>
        <dt>{t("records.came")}</dt>
        <dd>{moment(record.created_at, i18n.language, site.zone)}</dd>
        <dt>{t("records.outcome")}</dt>
        <dd>{t(`outcome.${record.outcome}`)}</dd>
        <dt>{t("records.disposition")}</dt>
        <dd>{record.disposition ? site.dispositionLabel(record.disposition) : record.disposition_missing ? t("records.dispositionMissing") : "–"}</dd>
        {record.notes && (
          <>
            <dt>{t("records.notes")}</dt>
            <dd style={{ whiteSpace: "pre-wrap" }}>{record.notes}</dd>
          </>
        )}
        <dt>{t("records.times")}</dt>
        <dd className="sup-num">{t("records.timesAre", { wait: duration(record.wait_ms), talk: duration(record.talk_ms), wrapUp: duration(record.wrap_up_ms) })}</dd>
        {record.path.length > 0 && (
          <>
            <dt>{t("contact.path")}</dt>
            <dd>{record.path.map(({ name, result }) => (result ? `${name} (${result})` : name)).join(" → ")}</dd>
          </>
        )}
        {Object.entries(record.attributes).map(([key, value]) => [<dt key={`${key} name`}>{key}</dt>, <dd key={key}>{value}</dd>])}
        <dt>{t("records.id")}</dt>
        <dd className="sup-muted">{record.contact_id}</dd>
      </dl>
      <Spans record={record} />
      <Offers record={record} />
      <Decisions routing={routing} />
    </article>
  );
}
