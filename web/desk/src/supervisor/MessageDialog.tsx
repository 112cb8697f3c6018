/** Write a few words to agents: to those chosen, to teams, to who serves a queue, or to all. */

import { Form, Input, Modal, Radio, Select } from "antd";
import { useState } from "react";

import { useDesk } from "../app/desk";
import { useAct } from "./act";
import { useText } from "./parts";
import { chosen } from "./rules";

const LONGEST = 500;

interface Values {
  kind: "agents" | "teams" | "queues" | "all";
  agents: string[];
  teams: string[];
  queues: string[];
  text: string;
}

export function MessageDialog({ agents, onClose }: { agents: readonly string[]; onClose: () => void }) {
  const { t } = useText();
  const { api, live } = useDesk();
  const act = useAct();
  const [form] = Form.useForm<Values>();
  const [busy, setBusy] = useState(false);
  const state = live.now();
  const kind = Form.useWatch("kind", form) ?? (agents.length ? "agents" : "all");

  const send = async (values: Values) => {
    const to = values.kind === "all" ? { all: true } : { [values.kind]: values[values.kind] };
    setBusy(true);
    if (await act(t("message.sent"), () => api.POST("/v1/messages", { body: { to, text: values.text } }))) onClose();
    else setBusy(false);
  };

  const options = {
    agents: [...state.agents.values()].map(({ id, name }) => ({ value: id, label: name })),
    teams: [...new Set([...state.agents.values()].map(({ team }) => team ?? ""))].filter(Boolean).sort().map((value) => ({ value, label: value })),
    queues: [...state.queues.values()].map(({ id, name }) => ({ value: id, label: name })),
  };

  return (
    <Modal open title={t("message.title")} okText={t("message.send")} confirmLoading={busy} onCancel={onClose} onOk={() => form.submit()} okButtonProps={{ "data-testid": "message-send" }}>
      <Form
        form={form}
        layout="vertical"
        requiredMark={false}
        initialValues={{ kind: agents.length ? "agents" : "all", agents: [...agents], teams: [], queues: [], text: "" }}
        onFinish={send}
      >
        <Form.Item name="kind" label={t("message.to")}>
          <Radio.Group
            optionType="button"
            options={(["agents", "teams", "queues", "all"] as const).map((value) => ({ value, label: t(`message.kind.${value}`) }))}
          />
        </Form.Item>
        {kind !== "all" && (
          <Form.Item name={kind} rules={[chosen(t("message.whom"))]}>
            <Select mode="multiple" showSearch optionFilterProp="label" aria-label={t(`message.kind.${kind}`)} options={options[kind]} data-testid="message-whom" />
          </Form.Item>
        )}
        <Form.Item name="text" label={t("message.text")} rules={[{ required: true, whitespace: true, message: t("message.empty") }]}>
          <Input.TextArea autoFocus rows={4} maxLength={LONGEST} showCount data-testid="message-text" />
        </Form.Item>
      </Form>
    </Modal>
  );
}
