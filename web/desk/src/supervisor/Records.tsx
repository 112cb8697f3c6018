/** Past contacts: searched by when, where, who and how they ended. */

import { ProblemError } from "@ctid/client";
import { Alert, Button, DatePicker, Drawer, Form, Input, Select, Table, type TableColumnsType } from "antd";
import type { Dayjs } from "dayjs";
import { useCallback, useEffect, useState } from "react";

import { useDesk } from "../app/desk";
import { useSelected } from "../live/store";
import { duration, moment } from "./format";
import { AgentName, QueueName, useText } from "./parts";
import { RecordDetails, type RecordView } from "./RecordDetails";
import { useSite } from "./site";

const OUTCOMES = ["handled", "abandoned", "short_abandon", "callback", "overflow", "transferred", "failed", "voicemail"] as const;
const A_PAGE = 50;

interface Asked {
  when?: [Dayjs | null, Dayjs | null] | null;
  queue?: string;
  agent?: string;
  outcome?: (typeof OUTCOMES)[number];
  ani?: string;
}

export default function Records() {
  const { t, i18n } = useText();
  const { api, live } = useDesk();
  const { zone } = useSite();
  const queues = useSelected(live, (state) => state.queues);
  const [form] = Form.useForm<Asked>();
  const [records, setRecords] = useState<RecordView[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [opened, setOpened] = useState<RecordView | null>(null);

  const search = useCallback(
    async (asked: Asked, from: string | null) => {
      setBusy(true);
      setFault(null);
      try {
        const [since, until] = asked.when ?? [];
        const { data } = await api.GET("/v1/records", {
          params: {
            query: {
              limit: A_PAGE,
              ...(since && { since: since.toISOString() }),
              ...(until && { until: until.toISOString() }),
              ...(asked.queue && { queue: asked.queue }),
              ...(asked.agent && { agent_id: asked.agent }),
              ...(asked.outcome && { outcome: asked.outcome }),
              ...(asked.ani?.trim() && { ani: asked.ani.trim() }),
              ...(from && { cursor: from }),
            },
          },
        });
        if (data) {
          setRecords((before) => (from ? [...before, ...data.items] : data.items));
          setCursor(data.next_cursor);
        }
      } catch (error) {
        setFault(error instanceof ProblemError ? error.message : t("act.unreachable"));
      }
      setBusy(false);
    },
    [api, t],
  );
  useEffect(() => void search({}, null), [search]);

  const columns: TableColumnsType<RecordView> = [
    {
      title: t("records.came"),
      key: "at",
      width: 190,
      render: (_, record) => (
        <button type="button" className="sup-link sup-num" aria-haspopup="dialog" data-testid={`record-open-${record.contact_id}`} onClick={() => setOpened(record)}>
          {moment(record.created_at, i18n.language, zone)}
        </button>
      ),
    },
    { title: t("contact.customer"), key: "customer", ellipsis: true, render: (_, { customer, ani }) => customer?.name || ani || "–" },
    { title: t("contact.channel"), key: "channel", width: 90, render: (_, { channel }) => t(`channel.${channel}`, { defaultValue: channel }) },
    { title: t("contact.queue"), key: "queue", ellipsis: true, render: (_, { queue }) => queue && <QueueName id={queue} /> },
    { title: t("records.agent"), key: "agent", ellipsis: true, render: (_, { agent_id }) => agent_id && <AgentName id={agent_id} /> },
    { title: t("records.outcome"), key: "outcome", width: 130, render: (_, { outcome }) => t(`outcome.${outcome}`) },
    { title: t("contact.waited"), key: "wait", width: 90, align: "right", className: "sup-num", render: (_, { wait_ms }) => duration(wait_ms) },
    { title: t("records.talk"), key: "talk", width: 90, align: "right", className: "sup-num", render: (_, { talk_ms }) => duration(talk_ms) },
  ];

  return (
    <section className="sup-panel" style={{ minHeight: "100%", overflow: "visible" }} aria-label={t("nav.records")} data-testid="records">
      <Form form={form} layout="inline" style={{ padding: "12px 12px 4px", rowGap: 8 }} onFinish={(asked) => void search(asked, null)}>
        <Form.Item name="when">
          <DatePicker.RangePicker showTime={{ format: "HH:mm" }} allowEmpty={[true, true]} format="YYYY-MM-DD HH:mm" style={{ width: 320 }} aria-label={t("records.when")} />
        </Form.Item>
        <Form.Item name="queue">
          <Select allowClear showSearch optionFilterProp="label" style={{ width: 170 }} placeholder={t("contact.queue")} aria-label={t("contact.queue")} options={[...queues.values()].map(({ id, name }) => ({ value: id, label: name }))} />
        </Form.Item>
        <Form.Item name="agent">
          <Select allowClear showSearch optionFilterProp="label" style={{ width: 170 }} placeholder={t("records.agent")} aria-label={t("records.agent")} options={[...live.now().agents.values()].map(({ id, name }) => ({ value: id, label: name }))} />
        </Form.Item>
        <Form.Item name="outcome">
          <Select allowClear style={{ width: 150 }} placeholder={t("records.outcome")} aria-label={t("records.outcome")} options={OUTCOMES.map((value) => ({ value, label: t(`outcome.${value}`) }))} />
        </Form.Item>
        <Form.Item name="ani">
          <Input allowClear style={{ width: 160 }} placeholder={t("records.ani")} aria-label={t("records.ani")} />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={busy} data-testid="records-search">
          {t("records.search")}
        </Button>
      </Form>
      {fault && <Alert banner type="error" showIcon message={fault} />}
      <Table
        size="small"
        rowKey="contact_id"
        columns={columns}
        dataSource={records}
        pagination={false}
        rowClassName="sup-row-open"
        onRow={(record) => ({ onClick: () => setOpened(record) })}
        locale={{ emptyText: t("records.none") }}
      />
      {cursor && (
        <Button style={{ margin: 12, alignSelf: "center" }} loading={busy} onClick={() => void search(form.getFieldsValue(), cursor)} data-testid="records-more">
          {t("records.more")}
        </Button>
      )}
      <Drawer open={opened !== null} onClose={() => setOpened(null)} width="min(760px, 94vw)" title={t("records.one")} destroyOnHidden>
        {opened && <RecordDetails record={opened} />}
      </Drawer>
    </section>
  );
}
