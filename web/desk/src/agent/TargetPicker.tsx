/** Where something goes to: colleagues with their states, queues, any number, flows, or whoever it may be. */

import { Button, Input, type InputRef, Modal } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { readable, toDial } from "../phone/numbers";
import type { Kind } from "./callControl";
import { useAgentDesk } from "./context";
import type { DirectoryEntry } from "./deskData";
import { useDirectory } from "./useDirectory";

const NUMBER = /^[\d+*#][\d\s()/*#.-]*$/;
const SHOWN = 12;

export type Target<K extends Kind = Kind> = Pick<DirectoryEntry, "id" | "number"> & { kind: K };

interface Props<K extends Kind> {
  title: string;
  hint: string;
  kinds: readonly K[];
  /** What the choice of nobody in particular is called; without it there is none. */
  anybody?: string;
  /** Carries the choice out, and gives whether it was; null is nobody in particular. */
  onChoose: (target: Target<K> | null) => Promise<boolean>;
  onClose: () => void;
}

export function TargetPicker<K extends Kind>({ title, hint, kinds, anybody, onChoose, onClose }: Props<K>) {
  const { t } = useTranslation();
  const { country, agent } = useAgentDesk();
  const [search, setSearch] = useState("");
  const takes = (kind: Kind): kind is K => (kinds as readonly Kind[]).includes(kind);
  const { entries, sought } = useDirectory(search, SHOWN, takes("flow"));
  const field = useRef<InputRef>(null);
  const [busy, setBusy] = useState(false);
  const typed = takes("number") && NUMBER.test(search.trim()) ? toDial(search, country) : null;
  const offered = entries.filter(({ kind, id }) => takes(kind) && !(kind === "agent" && id === agent.id));
  const wanted = t(takes("flow") ? "agent.menu.search" : kinds.length > 1 ? "agent.transfer.search" : "agent.park.search");
  const nobodyNamed = anybody !== undefined && search.trim() === "";

  const choose = async (target: Target | null) => {
    if (busy) return;
    setBusy(true);
    const done = await onChoose(target as Target<K> | null);
    setBusy(false);
    if (done) onClose();
  };
  // Who types and presses Enter at once means what they typed, not what is still listed.
  const [entered, setEntered] = useState(false);
  const enter = () => {
    if (nobodyNamed) void choose(null);
    else if (typed) void choose({ kind: "number", id: typed, number: typed });
    else if (search.trim()) setEntered(true);
  };
  useEffect(() => {
    if (!entered || sought !== search.trim()) return;
    setEntered(false);
    const first = offered[0];
    if (first) void choose(first);
  });
  // The first key that is typed has to land in it. At `autoFocus` the dialog is not in the page yet.
  useEffect(() => field.current?.focus(), []);
  return (
    <Modal open footer={null} onCancel={onClose} width={460} title={title} data-testid="target-picker">
      <p className="agent-hint">{hint}</p>
      <Input
        ref={field}
        size="large"
        value={search}
        allowClear
        placeholder={wanted}
        aria-label={wanted}
        onChange={({ target }) => {
          setSearch(target.value);
          setEntered(false);
        }}
        onPressEnter={enter}
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
