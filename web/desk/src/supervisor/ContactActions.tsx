/** What can be done with a contact that waits: give it, take it, move it, hurry it, call it back. */

import { ArrowDownOutlined, ArrowUpOutlined, PhoneOutlined, SwapOutlined, UndoOutlined, UserOutlined } from "@ant-design/icons";
import { Button, Popconfirm, Popover, Select, Space } from "antd";
import { useState } from "react";

import { useDesk } from "../app/desk";
import type { Agent, Contact } from "../live/store";
import { useAct } from "./act";
import { StateIcon, contactName, useText } from "./parts";
import type { Routing } from "./useRouting";

interface Change {
  priority?: number;
  queue?: string;
  steps?: { agents: string[] }[] | null;
}

/** Agents in the order in which they can help: who is able and free, who is able, who is at work, the others. */
export function candidates(agents: Iterable<Agent>, routing: Routing | null | undefined): Agent[] {
  const able = new Map(routing?.waiting?.able.agents.map(({ agent_id }, index) => [agent_id, index]));
  const rank = (agent: Agent) => {
    if (agent.state === "LOGGED_OUT") return 4_000;
    const known = able.get(agent.id);
    if (known !== undefined) return agent.state === "READY" ? known : 1_000 + known;
    return agent.state === "READY" ? 2_000 : 3_000;
  };
  return [...agents].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

export function ContactActions({ contact, routing }: { contact: Contact; routing: Routing | null | undefined }) {
  const { t } = useText();
  const { api, live, me } = useDesk();
  const act = useAct();
  const [busy, setBusy] = useState(false);
  const [picker, setPicker] = useState<"agent" | "queue" | null>(null);
  const name = contactName(contact, t);
  const may = contact.allowed_actions.includes("set_routing");

  const route = async (done: string, body: Change) => {
    setBusy(true);
    setPicker(null);
    await act(done, () =>
      api.PATCH("/v1/contacts/{contact_id}/routing", {
        params: { path: { contact_id: contact.id }, header: { "If-Match": `"${contact.version}"` } },
        body,
      }),
    );
    setBusy(false);
  };
  const give = (agent: string) =>
    route(t("contact.given", { name, agent: live.now().agents.get(agent)?.name ?? agent }), { steps: [{ agents: [agent] }] });
  const callBack = async () => {
    setBusy(true);
    await act(t("contact.toBeCalled", { name }), () => api.POST("/v1/callbacks", { body: { contact_id: contact.id } }));
    setBusy(false);
  };

  const priority = contact.priority ?? 0;
  const idle = { disabled: !may || busy };
  const voice = contact.channel === "voice" && contact.callback === null && contact.ani !== null;
  return (
    <Space wrap size={8} role="group" aria-label={t("contact.act")}>
      <Popover
        trigger="click"
        open={picker === "agent"}
        onOpenChange={(open) => setPicker(open && may ? "agent" : null)}
        content={
          <Select
            autoFocus
            defaultOpen
            showSearch
            optionFilterProp="label"
            style={{ width: 300 }}
            placeholder={t("contact.toWhom")}
            aria-label={t("contact.toWhom")}
            data-testid="contact-give-to"
            options={candidates(live.now().agents.values(), routing).map((agent) => ({ value: agent.id, label: agent.name, state: agent.state }))}
            optionRender={(option) => (
              <span className="sup-state">
                <StateIcon state={(option.data as { state: Agent["state"] }).state} />
                {option.label}
                <span className="sup-muted">{t(`state.${(option.data as { state: string }).state}`)}</span>
              </span>
            )}
            onSelect={(agent: string) => void give(agent)}
          />
        }
      >
        <Button icon={<UserOutlined />} {...idle} data-testid="contact-give">
          {t("contact.give")}
        </Button>
      </Popover>
      {me?.agent_id && (
        <Button type="primary" {...idle} onClick={() => void give(me.agent_id!)} data-testid="contact-take">
          {t("contact.take")}
        </Button>
      )}
      <Popover
        trigger="click"
        open={picker === "queue"}
        onOpenChange={(open) => setPicker(open && may ? "queue" : null)}
        content={
          <Select
            autoFocus
            defaultOpen
            showSearch
            optionFilterProp="label"
            style={{ width: 260 }}
            placeholder={t("contact.whichQueue")}
            aria-label={t("contact.whichQueue")}
            data-testid="contact-move-to"
            options={[...live.now().queues.values()].filter(({ id }) => id !== contact.queue).map(({ id, name: label }) => ({ value: id, label }))}
            onSelect={(queue: string) => void route(t("contact.moved", { name, queue: live.now().queues.get(queue)?.name ?? queue }), { queue })}
          />
        }
      >
        <Button icon={<SwapOutlined />} {...idle} data-testid="contact-move">
          {t("contact.move")}
        </Button>
      </Popover>
      <Space.Compact>
        <Button icon={<ArrowUpOutlined />} {...idle} onClick={() => void route(t("contact.prioritySet", { name, priority: priority + 1 }), { priority: priority + 1 })} data-testid="contact-up">
          {t("contact.up")}
        </Button>
        <Button icon={<ArrowDownOutlined />} {...idle} onClick={() => void route(t("contact.prioritySet", { name, priority: priority - 1 }), { priority: priority - 1 })} data-testid="contact-down" aria-label={t("contact.down")} />
      </Space.Compact>
      <Button icon={<UndoOutlined />} {...idle} onClick={() => void route(t("contact.reset", { name }), { steps: null })} data-testid="contact-reset">
        {t("contact.asQueue")}
      </Button>
      {voice && (
        <Popconfirm title={t("contact.callBackSure", { name })} okText={t("contact.callBack")} onConfirm={() => void callBack()}>
          <Button icon={<PhoneOutlined />} {...idle} data-testid="contact-call-back">
            {t("contact.callBack")}
          </Button>
        </Popconfirm>
      )}
    </Space>
  );
}
