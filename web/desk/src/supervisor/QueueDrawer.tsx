/** A queue opened: who waits there, in order, and the one that is looked at. */

import { Drawer, Empty, Table, type TableColumnsType, Tag } from "antd";
import { useMemo } from "react";

import { useDesk } from "../app/desk";
import { type Contact, useSelected } from "../live/store";
import { ContactDetails } from "./ContactDetails";
import { duration } from "./format";
import { QueueName, Wait, contactName, isWaiting, useText } from "./parts";
import { useSelection } from "./selection";

/** Who waits in a queue, in their order. */
export function waitingIn(contacts: Iterable<Contact>, queue: string): Contact[] {
  const place = (contact: Contact) => contact.position ?? Number.MAX_SAFE_INTEGER;
  return [...contacts]
    .filter((contact) => contact.queue === queue && isWaiting(contact))
    .sort((a, b) => place(a) - place(b) || Date.parse(a.queued_at ?? a.created_at) - Date.parse(b.queued_at ?? b.created_at));
}

export function QueueDrawer() {
  const { t } = useText();
  const { live } = useDesk();
  const { queue, contact, open, close } = useSelection();
  const contacts = useSelected(live, (state) => state.contacts);
  const waiting = useMemo(() => (queue ? waitingIn(contacts.values(), queue) : []), [contacts, queue]);
  const shown = contact ?? waiting[0]?.id;

  const columns = useMemo<TableColumnsType<Contact>>(
    () => [
      { title: t("contact.placeShort"), key: "place", width: 60, align: "right", render: (_, { position }) => <span className="sup-num">{position ?? "–"}</span> },
      {
        title: t("contact.customer"),
        key: "customer",
        ellipsis: true,
        render: (_, row) => (
          <button className="sup-link" type="button" data-testid={`waiting-${row.id}`} onClick={() => open({ queue: queue!, contact: row.id })}>
            {contactName(row, t("contact.withheld"))}
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
        render: (_, row) => (row.state === "offered" ? t("contactState.offered") : row.expected_wait_ms === null ? "–" : `≈ ${duration(row.expected_wait_ms)}`),
      },
    ],
    [t, open, queue],
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
