/** Colleagues with their states, queues and the phone book; a click calls. */

import { PhoneOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { readable } from "../phone/numbers";
import { useAgentDesk } from "./context";
import { useActions } from "./useActions";
import { useDirectory } from "./useDirectory";

const SHOWN = 50;

export function Directory() {
  const { t } = useTranslation();
  const { country, agent } = useAgentDesk();
  const { dial } = useActions();
  const [search, setSearch] = useState("");
  const { entries, failed } = useDirectory(search, SHOWN);
  return (
    <div data-testid="directory">
      <Input.Search
        value={search}
        allowClear
        placeholder={t("agent.directory.search")}
        aria-label={t("agent.directory.label")}
        onChange={({ target }) => setSearch(target.value)}
        data-testid="directory-search"
      />
      {entries.length === 0 && <p className="agent-hint">{t(failed ? "agent.day.unavailable" : "agent.directory.none")}</p>}
      <ul className="agent-list">
        {entries.map((entry) => (
          <li key={`${entry.kind} ${entry.id}`} className="agent-row" data-testid={`entry-${entry.kind}-${entry.id}`}>
            <span>
              <b>{entry.name}</b>
              <small>
                {entry.state && <i className={`agent-dot state-${entry.state}`} aria-hidden />}
                {[
                  entry.kind === "queue" ? t("agent.pop.queue") : "",
                  entry.state ? t(`agent.state.${entry.state}`) : "",
                  entry.number ? readable(entry.number, country) : "",
                  entry.team ?? "",
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </small>
            </span>
            {entry.number && entry.id !== agent.id && (
              <Button
                icon={<PhoneOutlined />}
                aria-label={t("agent.directory.call", { name: entry.name })}
                onClick={() => void dial(entry.number ?? "")}
                data-testid={`call-${entry.kind}-${entry.id}`}
              />
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
