/** Who did what: the audit trail, for administrators. */

import type { components } from "@ctid/client";
import { Button, Input, Table, type TableColumnsType, Tag } from "antd";
import { useCallback, useEffect, useState } from "react";

import { useDesk } from "../app/desk";
import { moment } from "./format";
import { useText } from "./parts";
import { useSite } from "./site";

type Entry = components["schemas"]["AuditEntryView"];

const A_PAGE = 100;

export default function Audit() {
  const { t, i18n } = useText();
  const { api } = useDesk();
  const { zone } = useSite();
  const [subject, setSubject] = useState("");
  const [entries, setEntries] = useState<Entry[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);

  const load = useCallback(
    async (who: string, from: string | null) => {
      const { data } = await api.GET("/v1/audit", { params: { query: { limit: A_PAGE, ...(who && { subject: who }), ...(from && { cursor: from }) } } });
      if (!data) return;
      setEntries((before) => (from ? [...before, ...data.items] : data.items));
      setCursor(data.next_cursor);
    },
    [api],
  );
  useEffect(() => void load(subject, null).catch(() => undefined), [load, subject]);

  const columns: TableColumnsType<Entry> = [
    { title: t("audit.at"), key: "at", width: 190, className: "sup-num", render: (_, { at }) => moment(at, i18n.language, zone) },
    { title: t("audit.who"), key: "who", width: 160, render: (_, entry) => entry.subject ?? "–" },
    { title: t("users.role"), key: "role", width: 120, render: (_, { role }) => role && t(`users.roles.${role}`, { defaultValue: role }) },
    { title: t("audit.what"), dataIndex: "operation", width: 200 },
    { title: t("audit.target"), dataIndex: "target", ellipsis: true },
    { title: t("audit.answer"), key: "status", width: 90, render: (_, { status }) => <Tag color={status < 400 ? "default" : "red"}>{status}</Tag> },
  ];
  return (
    <section className="sup-panel" style={{ minHeight: "100%", overflow: "visible" }} aria-label={t("nav.audit")} data-testid="audit">
      <header>
        <h2>{t("nav.audit")}</h2>
        <Input.Search allowClear style={{ width: 240 }} placeholder={t("audit.who")} aria-label={t("audit.who")} onSearch={(who) => setSubject(who.trim())} />
      </header>
      <Table size="small" rowKey="id" columns={columns} dataSource={entries} pagination={false} />
      {cursor && (
        <Button style={{ margin: 12, alignSelf: "center" }} onClick={() => void load(subject, cursor)}>
          {t("records.more")}
        </Button>
      )}
    </section>
  );
}
