/** Whom something goes to: colleagues with their states, queues, the phone book, any number, or whoever it may be. */

import { Button, Input, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { readable, toDial } from "../phone/numbers";
import { useAgentDesk } from "./context";
import type { DirectoryEntry } from "./deskData";
import { useDirectory } from "./useDirectory";

const NUMBER = /^[\d+*#][\d\s()/*#.-]*$/;
const SHOWN = 12;

export type Target = Pick<DirectoryEntry, "kind" | "id" | "number">;

interface Props {
  title: string;
  hint: string;
  kinds: readonly Target["kind"][];
  /** What the choice of nobody in particular is called; without it there is none. */
  anybody?: string;
  /** Carries the choice out, and gives whether it was; null is nobody in particular. */
  onChoose: (target: Target | null) => Promise<boolean>;
  onClose: () => void;
}

export function TargetPicker({ title, hint, kinds, anybody, onChoose, onClose }: Props) {
  const { t } = useTranslation();
  const { country, agent } = useAgentDesk();
  const [search, setSearch] = useState("");
  const { entries } = useDirectory(search, SHOWN);
  const [busy, setBusy] = useState(false);
  const typed = kinds.includes("number") && NUMBER.test(search.trim()) ? toDial(search, country) : null;
  const offered = entries.filter(({ kind, id }) => kinds.includes(kind) && !(kind === "agent" && id === agent.id));
  const wanted = t(kinds.length > 1 ? "agent.transfer.search" : "agent.park.search");
  const nobodyNamed = anybody !== undefined && search.trim() === "";

  const choose = async (target: Target | null) => {
    setBusy(true);
    const done = await onChoose(target);
    setBusy(false);
    if (done) onClose();
  };
  return (
    <Modal open footer={null} onCancel={onClose} width={460} title={title} data-testid="target-picker">
      <p className="agent-hint">{hint}</p>
      <Input
        autoFocus
        size="large"
        value={search}
        allowClear
        placeholder={wanted}
        aria-label={wanted}
        onChange={({ target }) => setSearch(target.value)}
        onPressEnter={() => {
          const first = offered[0];
          if (nobodyNamed) void choose(null);
          else if (typed) void choose({ kind: "number", id: typed, number: typed });
          else if (first) void choose(first);
        }}
        data-testid="target-search"
      />
      <div className="agent-targets" data-testid="targets">
        {nobodyNamed && (
          <Button block type="primary" disabled={busy} onClick={() => void choose(null)} data-testid="target-anybody">
            {anybody}
          </Button>
        )}
        {typed && (
          <Button
            block
            type="primary"
            disabled={busy}
            onClick={() => void choose({ kind: "number", id: typed, number: typed })}
            data-testid="target-number"
          >
            {t("agent.transfer.toNumber", { number: readable(typed, country) })}
          </Button>
        )}
        {offered.map((entry) => (
          <Button
            key={`${entry.kind} ${entry.id}`}
            block
            className="agent-target"
            disabled={busy}
            onClick={() => void choose(entry)}
            data-testid={`target-${entry.kind}-${entry.id}`}
          >
            <span>{entry.name}</span>
            <small>
              {entry.kind === "agent" && entry.state && (
                <i className={`agent-dot state-${entry.state}`} aria-hidden />
              )}
              {entry.kind === "agent" && entry.state ? t(`agent.state.${entry.state}`) : ""}
              {entry.kind === "queue" ? t("agent.pop.queue") : ""}
              {entry.kind === "number" && entry.number ? readable(entry.number, country) : ""}
            </small>
          </Button>
        ))}
        {!typed && !nobodyNamed && offered.length === 0 && <p className="agent-hint">{t("agent.transfer.none")}</p>}
      </div>
    </Modal>
  );
}
