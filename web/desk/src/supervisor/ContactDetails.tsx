/** One live contact: who it is, why it waits or who has it, and what can be done about it. */

import { Empty, Tag } from "antd";

import { useDesk } from "../app/desk";
import { type Contact, useSelected } from "../live/store";
import { ContactActions } from "./ContactActions";
import { Decisions } from "./Decisions";
import { timeOfDay } from "./format";
import { AgentName, QueueName, Since, Wait, contactName, isWaiting, useText } from "./parts";
import { useSite } from "./site";
import { useRouting } from "./useRouting";
import { WhyItWaits } from "./WhyItWaits";

function Facts({ contact }: { contact: Contact }) {
  const { t } = useText();
  const site = useSite();
  return (
    <dl className="sup-facts">
      <dt>{t("contact.customer")}</dt>
      <dd>
        {contactName(contact, t)} {contact.customer?.tier && <Tag>{contact.customer.tier}</Tag>}
        {contact.customer && contact.ani && <span className="sup-muted">{contact.ani}</span>}
      </dd>
      <dt>{t("contact.state")}</dt>
      <dd>
        {t(`contactState.${contact.state}`)}
        {contact.agent_id && (
          <>
            {" · "}
            <AgentName id={contact.agent_id} />
          </>
        )}
        {contact.connected_at && !contact.ended_at && (
          <>
            {" · "}
            <Since at={contact.connected_at} />
          </>
        )}
      </dd>
      <dt>{t("contact.queue")}</dt>
      <dd>
        <QueueName id={contact.queue} />
        {contact.priority !== null && contact.priority !== 0 && ` · ${t("contact.priorityIs", { priority: contact.priority })}`}
      </dd>
      <dt>{t("contact.waited")}</dt>
      <dd>
        <Wait contact={contact} /> <span className="sup-muted">{t("contact.cameAt", { at: timeOfDay(contact.created_at, site.zone) })}</span>
      </dd>
      {Object.entries(contact.attributes).map(([key, value]) => [
        <dt key={`${key} name`}>{key}</dt>,
        <dd key={key}>{value}</dd>,
      ])}
      {contact.path.length > 0 && (
        <>
          <dt>{t("contact.path")}</dt>
          <dd>{contact.path.map(({ name, result }) => (result ? `${name} (${result})` : name)).join(" → ")}</dd>
        </>
      )}
      {contact.callback && (
        <>
          <dt>{t("contact.callBack")}</dt>
          <dd>{contact.callback.number}</dd>
        </>
      )}
    </dl>
  );
}

export function ContactDetails({ id }: { id: string }) {
  const { live } = useDesk();
  const { t } = useText();
  const contact = useSelected(live, (state) => state.contacts.get(id));
  const routing = useRouting(id, contact?.version ?? null, contact ? isWaiting(contact) : false);
  if (!contact) return <Empty description={t("contact.over")} image={Empty.PRESENTED_IMAGE_SIMPLE} />;
  const waiting = isWaiting(contact);
  return (
    <article data-testid="contact" data-contact={contact.id}>
      {waiting && <ContactActions contact={contact} routing={routing} />}
      {waiting && (
        <section className="sup-section" style={{ marginTop: 12 }}>
          <WhyItWaits routing={routing} />
        </section>
      )}
      <section className="sup-section">
        <Facts contact={contact} />
      </section>
      <Decisions routing={routing} />
    </article>
  );
}
