/** Whom a call goes to, or who is asked: colleagues with their states, queues, the phone book, or any number. */

import { Button, Input, Modal } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { readable, toDial } from "../phone/numbers";
import type { Call } from "../phone/state";
import { useAgentDesk, useRun } from "./context";
import type { DirectoryEntry } from "./deskData";
import { addParty, transfer } from "./callControl";
import { useConsultations } from "./useConsultations";
import { useDirectory } from "./useDirectory";

const NUMBER = /^[\d+*#][\d\s()/*#.-]*$/;
const SHOWN = 12;
const TITLES = { transfer: "agent.transfer.title", consult: "agent.transfer.consultTitle", add: "agent.transfer.addTitle" };
const HINTS = { transfer: "agent.transfer.hint", consult: "agent.transfer.consultHint", add: "agent.transfer.addHint" };

interface Props {
  kind: "transfer" | "consult" | "add";
  call: Call;
  contactId: string | null;
  onClose: () => void;
}

export function TargetPicker({ kind, call, contactId, onClose }: Props) {
  const { t } = useTranslation();
  const { desk, phone, country, agent } = useAgentDesk();
  const run = useRun();
  const consultations = useConsultations();
  const [search, setSearch] = useState("");
  const { entries } = useDirectory(search, SHOWN);
  const [busy, setBusy] = useState(false);
  const typed = NUMBER.test(search.trim()) ? toDial(search, country) : null;

  // The call may be over before one has chosen.
  const { phoneState } = useAgentDesk();
  const gone = !phoneState.calls.some(({ id }) => id === call.id);
  useEffect(() => {
    if (gone) onClose();
  }, [gone, onClose]);

  const choose = async (entry: Pick<DirectoryEntry, "kind" | "id" | "number">) => {
    setBusy(true);
    const done = await run(async () => {
      if (kind === "add") {
        const number = entry.number ?? entry.id;
        if (contactId) await addParty(desk.api, contactId, entry.kind === "agent" ? { agent: entry.id } : { number });
      } else if (kind === "consult") {
        await consultations.begin(call, contactId, { ...(entry.kind === "agent" && { agent: entry.id }), number: entry.number });
      } else if (contactId) {
        const to = {
          agent: { agent: entry.id },
          queue: { queue: entry.id },
          number: { number: entry.number ?? entry.id },
          menu: { menu: entry.id },
          flow: { flow: entry.id },
        }[entry.kind];
        await transfer(desk.api, contactId, to);
      } else if (entry.number) {
        await phone.refer(call.id, entry.number);
      }
    });
    setBusy(false);
    if (done) onClose();
  };

  const offered = entries.filter(({ kind: what, id, number }) => {
    if (what === "agent" && id === agent.id) return false;
    return kind !== "transfer" ? what !== "queue" : contactId !== null || number !== null;
  });
  return (
    <Modal
      open
      footer={null}
      onCancel={onClose}
      width={460}
      title={t(TITLES[kind])}
      data-testid="target-picker"
    >
      <p className="agent-hint">{t(HINTS[kind])}</p>
      <Input
        autoFocus
        size="large"
        value={search}
        allowClear
        placeholder={t("agent.transfer.search")}
        aria-label={t("agent.transfer.search")}
        onChange={({ target }) => setSearch(target.value)}
        onPressEnter={() => {
          const first = offered[0];
          if (typed) void choose({ kind: "number", id: typed, number: typed });
          else if (first) void choose(first);
        }}
        data-testid="target-search"
      />
      <div className="agent-targets" data-testid="targets">
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
        {!typed && offered.length === 0 && <p className="agent-hint">{t("agent.transfer.none")}</p>}
      </div>
    </Modal>
  );
}
