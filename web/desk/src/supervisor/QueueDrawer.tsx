/** A queue opened: who waits there, in order, and the one that is looked at. */

import { Drawer, Empty, Table, type TableColumnsType, Tag } from "antd";
import { useMemo } from "react";

import { useDesk } from "../app/desk";
import { type Contact, useSelected } from "../live/store";
import { ContactDetails } from "./ContactDetails";
import { duration } from "./format";
import { QueueName, Wait, contactName, isWaiting, useText } from "./parts";
import { useSelection } from "./selection";
import { type Place, usePlaces } from "./usePlaces";

function inQueue(contacts: ReadonlyMap<string, Contact>, queue: string): Contact[] {
  return [...contacts.values()].filter((contact) => contact.queue === queue && isWaiting(contact));
}

/** In their order: who is being rung, then by place, then who came since the places were told. */
export function inOrder(contacts: readonly Contact[], places: ReadonlyMap<string, Place>): Contact[] {
  const rank = (contact: Contact) => (contact.state === "offered" ? 0 : (places.get(contact.id)?.position ?? Number.MAX_SAFE_INTEGER));
  return [...contacts].sort((a, b) => rank(a) - rank(b) || Date.parse(a.queued_at ?? a.created_at) - Date.parse(b.queued_at ?? b.created_at));
}

export function QueueDrawer() {
  const { t } = useText();
  const { live } = useDesk();
  const { queue, contact, open, close } = useSelection();
  const contacts = useSelected(live, (state) => state.contacts);
  const there = useMemo(() => (queue ? inQueue(contacts, queue) : []), [contacts, queue]);
  const places = usePlaces(queue);
  const waiting = useMemo(() => inOrder(there, places), [there, places]);
  const shown = contact ?? waiting[0]?.id;

  const columns = useMemo<TableColumnsType<Contact>>(
    () => [
      { title: t("contact.placeShort"), key: "place", width: 60, align: "right", render: (_, { id }) => <span className="sup-num">{places.get(id)?.position ?? "–"}</span> },
      {
        title: t("contact.customer"),
        key: "customer",
        ellipsis: true,
        render: (_, row) => (
          <button className="sup-link" type="button" data-testid={`waiting-${row.id}`} onClick={() => open({ queue: queue!, contact: row.id })}>
            {contactName(row, t)}
          </button>
        ),
      },
      { title: t("contact.tier"), key: "tier", width: 100, render: (_, { customer }) => (customer?.tier ? <Tag>{customer.tier}</Tag> : null) },
      { title: t("contact.channel"), key: "channel", width: 80, render: (_, { channel, callback }) => (callback ? t("contact.callBack") : t(`channel.${channel}`, { defaultValue: channel })) },
      { title: t("contact.priority"), key: "priority", width: 80, align: "right", render: (_, { priority }) => <span className="sup-num">{priority}</span> },
      { title: t("contact.waited"), key: "wait", width: 90, align: "right", render: (_, row) => <Wait contact={row} /> },
      {
        title: t("contact.stillToWait"),
        key: "expected",
        width: 110,
        align: "right",
        render: (_, row) => {
          if (row.state === "offered") return t("contactState.offered");
          const ms = places.get(row.id)?.expectedWaitMs ?? null;
          return <span className="sup-num">{ms === null ? "–" : `≈ ${duration(ms)}`}</span>;
        },
      },
    ],
    [t, open, queue, places],
  );

  return (
    <Drawer
      open={queue !== null}
      onClose={close}
      width="min(860px, 94vw)"
      title={
        <>
          <QueueName id={queue} /> · {t("queues.waitingCount", { count: waiting.length })}
        </>
      }
      destroyOnHidden
    >
      <div data-testid="queue-drawer">
        {waiting.length > 0 ? (
          <Table
            size="small"
            rowKey="id"
            columns={columns}
            dataSource={waiting}
            pagination={waiting.length > 12 ? { pageSize: 12, size: "small", showSizeChanger: false } : false}
            rowClassName={({ id }) => (id === shown ? "sup-row-open sup-chosen" : "sup-row-open")}
            onRow={({ id }) => ({ onClick: () => open({ queue: queue!, contact: id }) })}
            style={{ marginBottom: 16 }}
          />
        ) : (
          <Empty description={t("queues.nobodyWaits")} image={Empty.PRESENTED_IMAGE_SIMPLE} />
        )}
        {shown && <ContactDetails key={shown} id={shown} />}
      </div>
    </Drawer>
  );
}

export function ContactDrawer() {
  const { t } = useText();
  const { queue, contact, close } = useSelection();
  const opened = queue === null && contact !== null;
  return (
    <Drawer open={opened} onClose={close} width="min(720px, 94vw)" title={t("contact.title")} destroyOnHidden>
      {opened && <ContactDetails id={contact} />}
    </Drawer>
  );
}
