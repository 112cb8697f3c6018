/** Data attached to the contact; what is written here goes with it wherever it goes. */

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { useAgentDesk, useRun } from "./context";
import type { Pop } from "./pop";

const KEY = /^[A-Za-z][A-Za-z0-9_-]*$/;

export function AttachedData({ pop }: { pop: Pop }) {
  const { t } = useTranslation();
  const { desk } = useAgentDesk();
  const run = useRun();
  const [editing, setEditing] = useState<{ key: string; value: string; isNew: boolean } | null>(null);
  const { contact } = pop;
  const editable = contact?.allowed_actions.includes("set_attributes") ?? false;

  const merge = (change: Record<string, string | null>) =>
    run(() =>
      desk.api.PATCH("/v1/contacts/{contact_id}/attributes", {
        params: { path: { contact_id: pop.contactId } },
        body: change,
        // Merged key by key: only a change of the very value that is seen here can be somebody else's loss.
        ...(contact?.version != null && editing && !editing.isNew && { headers: { "if-match": `"${contact.version}"` } }),
      }),
    );
  const save = async (event: FormEvent) => {
    event.preventDefault();
    if (editing && KEY.test(editing.key) && (await merge({ [editing.key]: editing.value }))) setEditing(null);
  };
  const form = editing && (
    <form className="agent-pair-form" onSubmit={(event) => void save(event)} data-testid="attribute-form">
      <Input
        size="small"
        value={editing.key}
        disabled={!editing.isNew}
        autoFocus={editing.isNew}
        status={editing.key && !KEY.test(editing.key) ? "error" : ""}
        placeholder={t("agent.pop.key")}
        aria-label={t("agent.pop.key")}
        title={t("agent.pop.keyRule")}
        onChange={({ target }) => setEditing({ ...editing, key: target.value })}
        data-testid="attribute-key"
      />
      <Input
        size="small"
        value={editing.value}
        autoFocus={!editing.isNew}
        placeholder={t("agent.pop.value")}
        aria-label={t("agent.pop.value")}
        onChange={({ target }) => setEditing({ ...editing, value: target.value })}
        onKeyDown={({ key }) => key === "Escape" && setEditing(null)}
        data-testid="attribute-value"
      />
      <Button size="small" type="primary" htmlType="submit" data-testid="attribute-save">
        {t("agent.pop.save")}
      </Button>
      <Button size="small" onClick={() => setEditing(null)}>
        {t("agent.pop.cancel")}
      </Button>
    </form>
  );
  const entries = Object.entries(pop.attributes);
  return (
    <section className="agent-section" data-testid="pop-attributes">
      <h3>
        {t("agent.pop.data")}
        {editable && (
          <Button
            size="small"
            type="text"
            icon={<PlusOutlined />}
            onClick={() => setEditing({ key: "", value: "", isNew: true })}
            data-testid="attribute-add"
          >
            {t("agent.pop.addData")}
          </Button>
        )}
      </h3>
      {entries.length === 0 && !editing && <p className="agent-hint">{t("agent.pop.noData")}</p>}
      <dl className="agent-pairs">
        {entries.map(([key, value]) => (
          <div key={key} data-testid={`attribute-${key}`}>
            <dt>{key}</dt>
            {editing?.key === key && !editing.isNew ? (
              <dd>{form}</dd>
            ) : (
              <dd>
                {editable ? (
                  <>
                    <button
                      type="button"
                      className="agent-value"
                      aria-label={`${t("agent.pop.edit", { key })}: ${value}`}
                      onClick={() => setEditing({ key, value, isNew: false })}
                    >
                      {value || "–"}
                    </button>
                    <Button
                      size="small"
                      type="text"
                      icon={<DeleteOutlined />}
                      aria-label={t("agent.pop.remove", { key })}
                      onClick={() => void merge({ [key]: null })}
                    />
                  </>
                ) : (
                  value
                )}
              </dd>
            )}
          </div>
        ))}
      </dl>
      {editing?.isNew && form}
    </section>
  );
}
