/** The agent's earlier contacts, with search; a click calls again. */

import { PhoneOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { readable } from "../phone/numbers";
import { useAgentDesk } from "./context";
import { type OwnRecord, ownContacts } from "./deskData";
import { at, clock } from "./time";
import { useActions } from "./useActions";

const PAGE = 30;
const QUIET_MS = 300;

export function History() {
  const { t, i18n } = useTranslation();
  const { desk, agent, live, country, dispositions } = useAgentDesk();
  const { dial } = useActions();
  const [search, setSearch] = useState("");
  const [found, setFound] = useState<{ items: OwnRecord[]; next: string | null; failed: boolean } | null>(null);
  const ask = useCallback(
    (cursor?: string) =>
      ownContacts(desk.api, agent.id, { ...(search.trim() && { search: search.trim() }), ...(cursor && { cursor }), limit: PAGE }),
    [desk.api, agent.id, search],
  );
  useEffect(() => {
    let gone = false;
    const timer = setTimeout(
      () =>
        void ask().then(
          ({ items, next_cursor }) => gone || setFound({ items, next: next_cursor, failed: false }),
          () => gone || setFound({ items: [], next: null, failed: true }),
        ),
      QUIET_MS,
    );
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [ask]);
  const more = () => {
    if (!found?.next) return;
    void ask(found.next).then(
      ({ items, next_cursor }) => setFound({ items: [...found.items, ...items], next: next_cursor, failed: false }),
      () => undefined,
    );
  };
  return (
    <div data-testid="history">
      <Input.Search
        value={search}
        allowClear
        placeholder={t("agent.history.search")}
        aria-label={t("agent.history.label")}
        onChange={({ target }) => setSearch(target.value)}
        data-testid="history-search"
      />
      {found && found.items.length === 0 && (
        <p className="agent-hint">{t(found.failed ? "agent.day.unavailable" : "agent.history.none")}</p>
      )}
      <ul className="agent-list">
        {found?.items.map((record) => {
          const number = record.ani ? readable(record.ani, country) : t("agent.ringing.withheld");
          const who = record.customer?.name ?? number;
          const result = record.disposition
            ? (dispositions.find(({ code }) => code === record.disposition)?.label ?? record.disposition)
            : t(`agent.outcome.${record.outcome}`);
          return (
            <li key={record.contact_id} className="agent-row" data-testid="history-row">
              <span>
                <b>{who}</b>
                <small>
                  {[
                    at(record.created_at, i18n.language),
                    record.queue ? (live.queues.get(record.queue)?.name ?? record.queue) : "",
                    result,
                    clock(record.talk_ms),
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </small>
                {record.notes && <small>{record.notes}</small>}
              </span>
              {record.ani && (
                <Button
                  icon={<PhoneOutlined />}
                  aria-label={t("agent.directory.call", { name: who })}
                  onClick={() => void dial(record.ani ?? "")}
                />
              )}
            </li>
          );
        })}
      </ul>
      {found?.next && <Button block onClick={more}>{t("agent.history.more")}</Button>}
    </div>
  );
}
