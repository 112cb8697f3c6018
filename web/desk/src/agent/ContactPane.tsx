/** The screen pop: everything known of the contact at hand, its data, script, links, notes and result. */

import { ExportOutlined } from "@ant-design/icons";
import { Tag } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { readable } from "../phone/numbers";
import { AttachedData } from "./AttachedData";
import { Result } from "./Result";
import { useAgentDesk } from "./context";
import type { Link } from "./deskData";
import type { Pop, Work } from "./pop";
import { at, clock, useNow } from "./time";

export function ContactPane() {
  const { t } = useTranslation();
  const { agent, shown } = useAgentDesk();
  const nothing = {
    LOGGED_OUT: "agent.pop.nothingLoggedOut",
    READY: "agent.pop.nothingReady",
  }[agent.state as string] ?? "agent.pop.nothingNotReady";
  return (
    <main className="agent-contact" aria-label={t("agent.pop.title")} data-testid="contact" data-contact={shown?.contactId}>
      <WorkTabs />
      {shown?.pop ? (
        <PopView key={shown.contactId} work={shown} pop={shown.pop} />
      ) : (
        <div className="agent-nothing" data-testid="no-contact">
          <strong>{t("agent.pop.nothing")}</strong>
          <span>{t(nothing)}</span>
        </div>
      )}
      <LostNotes />
    </main>
  );
}

/** Several things at hand: the call and the chats beside it. */
function WorkTabs() {
  const { t } = useTranslation();
  const { work, shown, show, country } = useAgentDesk();
  if (work.length < 2) return null;
  return (
    <div className="agent-work" role="tablist" data-testid="work">
      {work.map((item) => (
        <button
          key={item.contactId}
          type="button"
          role="tab"
          aria-selected={item.contactId === shown?.contactId}
          onClick={() => show(item.contactId)}
          data-testid={`work-${item.contactId}`}
        >
          <b>{t(`agent.channel.${item.pop?.channel ?? "voice"}`)}</b>{" "}
          {item.pop?.customer?.name ?? (item.pop?.ani ? readable(item.pop.ani, country) : "")}
        </button>
      ))}
    </div>
  );
}

function PopView({ work, pop }: { work: Work; pop: Pop }) {
  const { t, i18n } = useTranslation();
  const { live, country, desk } = useAgentDesk();
  const { customer } = pop;
  const now = useNow();
  const waiting = pop.contact && pop.contact.connected_at === null ? desk.live.age(pop.contact, now) : 0;
  const number = pop.ani ? readable(pop.ani, country) : t("agent.ringing.withheld");
  const facts: [string, string, string][] = [
    ["queue", t("agent.pop.queue"), pop.queue ? (live.queues.get(pop.queue)?.name ?? pop.queue) : ""],
    ["waited", t("agent.pop.waited"), clock(pop.waitMs + waiting)],
    ["dialled", t("agent.pop.dialled"), pop.channel === "voice" ? readable(pop.dnis, country) : ""],
    ["language", t("agent.pop.language"), customer?.language ? (new Intl.DisplayNames([i18n.language], { type: "language" }).of(customer.language) ?? "") : ""],
  ];
  const own = work.kind !== "consultation";
  return (
    <div className="agent-pop" data-testid="pop">
      <header>
        <div>
          <h2 data-testid="pop-customer">{customer?.name ?? t("agent.pop.unknownCustomer")}</h2>
          {customer?.tier && <Tag className={`agent-tier tier-${customer.tier.toLowerCase()}`} data-testid="pop-tier">{customer.tier}</Tag>}
          <span className="agent-pop-number" data-testid="pop-number">{number}</span>
          <span className="agent-pop-channel">{t(`agent.channel.${pop.channel}`, pop.channel)}</span>
        </div>
        {work.consultation && (
          <p className="agent-note" role="status" data-testid="consulted">
            {t("agent.pop.consultation", { agent: work.consultation.from_agent })}
          </p>
        )}
        {pop.returned && (
          <p className="agent-note" role="status" data-testid="pop-returned" data-cause={pop.returned.cause}>
            {t("agent.pop.returned", {
              who: live.agents.get(pop.returned.by)?.name ?? readable(pop.returned.by, country),
              cause: t([`agent.notTaken.${pop.returned.cause}`, "agent.notTaken.failed"]),
            })}
          </p>
        )}
        {pop.callback && (
          <p className="agent-note">{t("agent.pop.callback", { at: at(pop.callback.requested_at, i18n.language) })}</p>
        )}
      </header>
      <dl className="agent-facts">
        {facts
          .filter(([, , value]) => value)
          .map(([name, label, value]) => (
            <div key={name}>
              <dt>{label}</dt>
              <dd data-testid={`pop-${name}`}>{value}</dd>
            </div>
          ))}
        <div>
          <dt>{t("agent.pop.path")}</dt>
          <dd data-testid="pop-path">
            {pop.path.length === 0 ? t("agent.pop.noPath") : pop.path.map(({ menu, key }) => [menu, key].filter(Boolean).join(": ")).join(" → ")}
          </dd>
        </div>
      </dl>
      <div className="agent-pop-columns">
        <div>
          <AttachedData pop={pop} />
          <Section title={t("agent.pop.cases")} testId="pop-cases">
            {pop.cases.length === 0 && <p className="agent-hint">{t("agent.pop.noCases")}</p>}
            <ul className="agent-list">
              {pop.cases.map((each) => (
                <li key={each.id}>
                  {each.url ? <a href={each.url} target="_blank" rel="noreferrer">{each.title}</a> : each.title}
                  <small>{[each.id, each.state].filter(Boolean).join(" · ")}</small>
                </li>
              ))}
            </ul>
          </Section>
          <Section title={t("agent.pop.recent")} testId="pop-recent">
            <Recent pop={pop} />
          </Section>
          {customer && Object.keys(customer.attributes).length > 0 && (
            <Section title={t("agent.pop.customerData")} testId="pop-customer-data">
              <dl className="agent-pairs">
                {Object.entries(customer.attributes).map(([key, value]) => (
                  <div key={key}>
                    <dt>{key}</dt>
                    <dd>{value}</dd>
                  </div>
                ))}
              </dl>
            </Section>
          )}
        </div>
        <div>
          {pop.script && (
            <Section title={t("agent.pop.script")} testId="pop-script">
              <p className="agent-script">{pop.script}</p>
            </Section>
          )}
          <Links links={pop.links} />
          {own && pop.contact && <Result contact={pop.contact} />}
        </div>
      </div>
    </div>
  );
}

function Recent({ pop }: { pop: Pop }) {
  const { t, i18n } = useTranslation();
  const { live, dispositions } = useAgentDesk();
  if (pop.recent.length === 0) return <p className="agent-hint">{t("agent.pop.noRecent")}</p>;
  return (
    <ul className="agent-list">
      {pop.recent.map((each) => (
        <li key={each.contact_id}>
          <span>
            <time>{at(each.at, i18n.language)}</time> · {each.queue ? (live.queues.get(each.queue)?.name ?? each.queue) : t(`agent.channel.${each.channel}`, each.channel)} ·{" "}
            {each.disposition ? (dispositions.find(({ code }) => code === each.disposition)?.label ?? each.disposition) : t(`agent.outcome.${each.outcome}`)}
          </span>
          {each.notes && <small>{each.notes}</small>}
        </li>
      ))}
    </ul>
  );
}

export function Section({ title, testId, children }: { title: string; testId?: string; children: React.ReactNode }) {
  return (
    <section className="agent-section" data-testid={testId}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Links({ links }: { links: Link[] }) {
  const { t } = useTranslation();
  const [embedded, setEmbedded] = useState<string | null>(links.find(({ embed }) => embed)?.url ?? null);
  if (links.length === 0) return null;
  return (
    <Section title={t("agent.pop.links")} testId="pop-links">
      <div className="agent-links">
        {links.map((link) =>
          link.embed ? (
            <button
              key={link.name}
              type="button"
              aria-pressed={embedded === link.url}
              onClick={() => setEmbedded(embedded === link.url ? null : link.url)}
            >
              {link.name}
            </button>
          ) : (
            <a key={link.name} href={link.url} target="_blank" rel="noreferrer" title={t("agent.pop.opensNew")}>
              {link.name} <ExportOutlined aria-hidden />
            </a>
          ),
        )}
      </div>
      {embedded && (
        <iframe
          className="agent-embedded"
          src={embedded}
          title={links.find(({ url }) => url === embedded)?.name}
          sandbox="allow-scripts allow-same-origin allow-forms allow-popups"
          referrerPolicy="no-referrer"
        />
      )}
    </Section>
  );
}

/** Notes that ctid no longer took: the agent decides what becomes of them. */
function LostNotes() {
  const { t } = useTranslation();
  const { drafts } = useAgentDesk();
  const refused = drafts.refused();
  if (refused.length === 0) return null;
  return (
    <Section title={t("agent.drafts.title")} testId="lost-notes">
      {refused.map(([contactId, note]) => (
        <div key={contactId} className="agent-lost">
          <p>{t("agent.wrapUp.refused")}</p>
          <pre>{note.text}</pre>
          <button type="button" onClick={() => drafts.discard(contactId)}>
            {t("agent.wrapUp.discard")}
          </button>
        </div>
      ))}
    </Section>
  );
}
