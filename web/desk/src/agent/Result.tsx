/** What came of the contact: disposition, notes that save themselves, and the end of the wrap-up. */

import { Button, Input, Select } from "antd";
import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";

import type { Contact } from "../live/store";
import { useAgentDesk } from "./context";
import { clock, useNow } from "./time";
import { useActions } from "./useActions";
import { NOTES_FIELD, keyOf } from "./useShortcuts";

const LONGER_SECONDS = 30;

export function Result({ contact }: { contact: Contact }) {
  const { t } = useTranslation();
  const { agent, live, drafts, dispositions } = useAgentDesk();
  const { setDisposition, completeWrapUp, extendWrapUp } = useActions();
  useSyncExternalStore(drafts.watch, drafts.revision);
  const now = useNow() + live.clockAhead;
  const note = drafts.note(contact.id);
  const may = contact.allowed_actions;
  const editable = may.includes("wrap_up");
  const allowed = live.queues.get(contact.queue ?? "")?.dispositions;
  const choices = dispositions.filter(({ code, system }) => !system && (!allowed?.length || allowed.includes(code)));
  const wrapping = agent.state === "WRAP_UP" && agent.contact_id === contact.id;
  const left = wrapping && agent.wrap_up_until ? Date.parse(agent.wrap_up_until) - now : null;
  const isTask = agent.tasks.some(({ contact_id }) => contact_id === contact.id);
  return (
    <section className="agent-section agent-result" data-testid="result" data-state={contact.state}>
      <h3>
        {t("agent.wrapUp.title")}
        {left !== null && (
          <span className={left <= 0 ? "overdue" : ""} role="timer" data-testid="wrap-up-left">
            {left > 0 ? t("agent.wrapUp.left", { time: clock(left) }) : t("agent.wrapUp.overdue")}
          </span>
        )}
      </h3>
      <label className="agent-field">
        <span>
          {t("agent.wrapUp.disposition")}
          {contact.disposition_missing && <b className="agent-needed"> · {t("agent.wrapUp.required")}</b>}
        </span>
        <Select
          value={contact.disposition}
          disabled={!editable}
          showSearch
          optionFilterProp="label"
          status={contact.disposition_missing && wrapping ? "warning" : ""}
          placeholder={t("agent.wrapUp.choose")}
          aria-label={t("agent.wrapUp.disposition")}
          aria-required={contact.disposition_missing}
          options={choices.map(({ code, label }) => ({ value: code, label }))}
          onChange={(code: string) => void setDisposition(contact.id, code)}
          data-testid="disposition"
        />
      </label>
      <label className="agent-field">
        <span>
          {t("agent.wrapUp.notes")}
          <small data-testid="notes-state" data-state={note?.state ?? "saved"}>
            {note ? t(`agent.wrapUp.${note.state}`) : t("agent.wrapUp.notesHint")}
          </small>
        </span>
        <Input.TextArea
          id={NOTES_FIELD}
          rows={5}
          maxLength={2_000}
          disabled={!editable}
          value={note?.text ?? contact.notes ?? ""}
          onChange={({ target }) => drafts.write(contact.id, target.value)}
          aria-keyshortcuts={keyOf("note")}
          data-testid="notes"
        />
      </label>
      <div className="agent-result-buttons">
        {wrapping && agent.allowed_actions.includes("extend_wrap_up") && (
          <Button
            onClick={() => void extendWrapUp(contact.id, LONGER_SECONDS)}
            aria-label={t("agent.wrapUp.extendLabel", { seconds: LONGER_SECONDS })}
            data-testid="extend-wrap-up"
          >
            {t("agent.wrapUp.extend", { seconds: LONGER_SECONDS })}
          </Button>
        )}
        {(wrapping || isTask) && (
          <Button
            type="primary"
            disabled={!may.includes("complete_wrap_up")}
            title={contact.disposition_missing ? t("agent.wrapUp.needDisposition") : undefined}
            onClick={() => void completeWrapUp(contact.id)}
            aria-keyshortcuts={keyOf("ready")}
            data-testid="complete-wrap-up"
          >
            {t(wrapping ? "agent.wrapUp.complete" : "agent.wrapUp.completeTask")}
          </Button>
        )}
      </div>
    </section>
  );
}
