/** An agent opened: state and what can be done about it, skills and queues on the fly. */

import { DeleteOutlined, MailOutlined } from "@ant-design/icons";
import { Alert, Button, Drawer, Dropdown, Empty, InputNumber, Select, Space, Tag } from "antd";
import { useState } from "react";

import { useDesk } from "../app/desk";
import { type Agent, useSelected } from "../live/store";
import { useAct } from "./act";
import { useAgentCommands } from "./agentCommands";
import { mayBecome } from "./agentFilter";
import { MessageDialog } from "./MessageDialog";
import { AgentStateMark, QueueName, Reason, Since, Until, contactName, useText } from "./parts";
import { type Draft, type Patch, draftOf, patchOf } from "./profile";
import { useSelection } from "./selection";
import { useSite } from "./site";
import { SuperviseButtons } from "./SuperviseButtons";

function StateButtons({ agent }: { agent: Agent }) {
  const { t } = useText();
  const { live } = useDesk();
  const { reasons } = useSite();
  const commands = useAgentCommands();
  const [message, setMessage] = useState(false);
  const contact = useSelected(live, (state) => (agent.contact_id ? state.contacts.get(agent.contact_id) : undefined));
  return (
    <Space wrap role="group" aria-label={t("agents.state")}>
      <Button disabled={!mayBecome(agent, "READY")} onClick={() => void commands.setState(agent, "READY")} data-testid="agent-ready">
        {t("agents.setReady")}
      </Button>
      <Dropdown
        trigger={["click"]}
        disabled={!mayBecome(agent, "NOT_READY")}
        menu={{
          items: reasons.map(({ code, label }) => ({ key: code, label })),
          onClick: ({ key }) => void commands.setState(agent, "NOT_READY", key),
        }}
      >
        <Button data-testid="agent-not-ready">{t("agents.setNotReady")}</Button>
      </Dropdown>
      {agent.state === "WRAP_UP" && contact && (
        <Button onClick={() => void commands.endWrapUp(agent, contact)} data-testid="agent-end-wrap-up">
          {t("agents.endWrapUp")}
        </Button>
      )}
      <Button danger disabled={!mayBecome(agent, "LOGGED_OUT")} onClick={() => void commands.setState(agent, "LOGGED_OUT")} data-testid="agent-log-out">
        {t("agents.logOut")}
      </Button>
      <Button icon={<MailOutlined />} onClick={() => setMessage(true)} data-testid="agent-message">
        {t("message.write")}
      </Button>
      {message && <MessageDialog agents={[agent.id]} onClose={() => setMessage(false)} />}
    </Space>
  );
}

function Facts({ agent }: { agent: Agent }) {
  const { t } = useText();
  const { live } = useDesk();
  const { open } = useSelection();
  const contacts = useSelected(live, (state) => state.contacts);
  const ids = [...new Set([agent.contact_id, ...agent.tasks.map(({ contact_id }) => contact_id)])].filter((id): id is string => Boolean(id));
  return (
    <dl className="sup-facts">
      <dt>{t("agents.state")}</dt>
      <dd>
        <AgentStateMark agent={agent} /> <Since at={agent.since} />{" "}
        {agent.reason && (
          <Tag>
            <Reason code={agent.reason} />
          </Tag>
        )}
        {agent.wrap_up_until && (
          <span className="sup-muted">
            {t("agents.wrapUpEnds")} <Until at={agent.wrap_up_until} />
          </span>
        )}
      </dd>
      <dt>{t("agents.team")}</dt>
      <dd>{agent.team ?? "–"}</dd>
      <dt>{t("agents.device")}</dt>
      <dd>
        {agent.device ?? "–"} · {agent.device_reachable ? t("agents.phoneThere") : t("agents.phoneAway")} · {t("agents.desktops", { count: agent.desktops })}
      </dd>
      {Object.entries(agent.channels).map(([channel, { capacity, in_use }]) => [
        <dt key={`${channel} name`}>{t(`channel.${channel}`, { defaultValue: channel })}</dt>,
        <dd key={channel}>{t("agents.inUse", { inUse: in_use, capacity })}</dd>,
      ])}
      {ids.length > 0 && (
        <>
          <dt>{t("agents.contact")}</dt>
          <dd>
            {ids.map((id) => {
              const contact = contacts.get(id);
              return (
                <div key={id}>
                  <button type="button" className="sup-link" onClick={() => open({ contact: id })}>
                    {contact ? contactName(contact, t) : id}
                  </button>
                  {contact && (
                    <span className="sup-muted">
                      {" · "}
                      <QueueName id={contact.queue} />
                    </span>
                  )}
                </div>
              );
            })}
          </dd>
        </>
      )}
    </dl>
  );
}

function ProfileEditor({ agent }: { agent: Agent }) {
  const { t } = useText();
  const { api, live } = useDesk();
  const act = useAct();
  // What was found when the editing began: only what was changed here is sent, on top of whatever it is by then.
  const [before, setBefore] = useState<Draft | null>(null);
  const [draft, setDraft] = useState<Draft>(() => draftOf(agent));
  const [busy, setBusy] = useState(false);
  const shown = before ? draft : draftOf(agent);
  const patch = before && patchOf(before, draft);
  const edit = (next: Draft) => {
    setBefore((known) => known ?? draftOf(agent));
    setDraft(next);
  };
  const drop = () => setBefore(null);

  const send = async (done: string, body: Patch) => {
    setBusy(true);
    const sent = await act(done, () =>
      api.PATCH("/v1/agents/{agent_id}", {
        params: { path: { agent_id: agent.id }, header: { "If-Match": `"${agent.version}"` } },
        body,
      }),
    );
    setBusy(false);
    if (sent) drop();
  };

  const { agents, queues } = live.now();
  const skillNames = [...new Set([...agents.values()].flatMap(({ skills }) => Object.keys(skills)))].sort();
  const without = <T,>(entries: Record<string, T>, key: string) => Object.fromEntries(Object.entries(entries).filter(([name]) => name !== key));

  return (
    <section className="sup-section" data-testid="agent-profile">
      <h3>{t("agents.skills")}</h3>
      <Space direction="vertical" size={6}>
        {Object.entries(shown.skills).map(([skill, level]) => (
          <Space key={skill}>
            <span style={{ display: "inline-block", width: 140 }} className="sup-clip">
              {skill}
            </span>
            <InputNumber
              min={1}
              max={10}
              value={level}
              aria-label={t("agents.levelOf", { skill })}
              data-testid={`skill-${skill}`}
              onChange={(value) => value !== null && edit({ ...shown, skills: { ...shown.skills, [skill]: Math.round(value) } })}
            />
            <Button
              icon={<DeleteOutlined />}
              aria-label={t("agents.takeAway", { name: skill })}
              onClick={() => edit({ ...shown, skills: without(shown.skills, skill) })}
            />
          </Space>
        ))}
        <Select
          showSearch
          value={null}
          style={{ width: 220 }}
          placeholder={t("agents.addSkill")}
          aria-label={t("agents.addSkill")}
          data-testid="skill-add"
          options={skillNames.filter((name) => !(name in shown.skills)).map((value) => ({ value, label: value }))}
          onSelect={(skill: string | null) => skill && edit({ ...shown, skills: { ...shown.skills, [skill]: 5 } })}
        />
      </Space>
      <h3 style={{ fontSize: 14, margin: "20px 0 8px" }}>{t("agents.queues")}</h3>
      {!Object.keys(shown.queues).length && <p className="sup-muted">{t("agents.allQueuesLong")}</p>}
      <Space direction="vertical" size={6}>
        {Object.entries(shown.queues).map(([queue, membership]) => (
          <Space key={queue} wrap>
            <span style={{ display: "inline-block", width: 140 }} className="sup-clip">
              <QueueName id={queue} />
            </span>
            <InputNumber
              prefix={<span className="sup-muted">{t("contact.priority")}</span>}
              value={membership.priority}
              style={{ width: 140 }}
              aria-label={t("agents.priorityIn", { queue })}
              onChange={(value) => value !== null && edit({ ...shown, queues: { ...shown.queues, [queue]: { ...membership, priority: Math.round(value) } } })}
            />
            <InputNumber
              min={0}
              prefix={<span className="sup-muted">{t("agents.after")}</span>}
              suffix="s"
              value={membership.delay_seconds}
              style={{ width: 140 }}
              aria-label={t("agents.delayIn", { queue })}
              onChange={(value) => value !== null && edit({ ...shown, queues: { ...shown.queues, [queue]: { ...membership, delay_seconds: value } } })}
            />
            <Button icon={<DeleteOutlined />} aria-label={t("agents.takeAway", { name: queue })} onClick={() => edit({ ...shown, queues: without(shown.queues, queue) })} />
          </Space>
        ))}
        <Select
          showSearch
          value={null}
          style={{ width: 220 }}
          optionFilterProp="label"
          placeholder={t("agents.addQueue")}
          aria-label={t("agents.addQueue")}
          options={[...queues.values()].filter(({ id }) => !(id in shown.queues)).map(({ id, name }) => ({ value: id, label: name }))}
          onSelect={(queue: string | null) => queue && edit({ ...shown, queues: { ...shown.queues, [queue]: { priority: 0, delay_seconds: 0 } } })}
        />
      </Space>
      <div style={{ marginTop: 20 }}>
        <Space wrap>
          <Button type="primary" disabled={!patch} loading={busy} onClick={() => void send(t("agents.profileSet", { name: agent.name }), patch!)} data-testid="profile-save">
            {t("agents.save")}
          </Button>
          <Button disabled={!before} onClick={drop}>
            {t("agents.dropChanges")}
          </Button>
          {agent.live_changes.length > 0 && (
            <Button disabled={busy} onClick={() => void send(t("agents.profileReset", { name: agent.name }), { skills: null, queues: null })} data-testid="profile-reset">
              {t("agents.backToConfiguration")}
            </Button>
          )}
        </Space>
        {agent.live_changes.length > 0 && <Alert style={{ marginTop: 12 }} type="info" showIcon message={t("agents.differs")} />}
      </div>
    </section>
  );
}

export function AgentDrawer() {
  const { t } = useText();
  const { live } = useDesk();
  const { agent: id, close } = useSelection();
  const agent = useSelected(live, (state) => (id ? state.agents.get(id) : undefined));
  return (
    <Drawer open={id !== null} onClose={close} width="min(620px, 94vw)" title={agent?.name ?? id} destroyOnHidden>
      {agent ? (
        <div data-testid="agent-drawer">
          <StateButtons agent={agent} />
          <div className="sup-supervise">
            <SuperviseButtons agent={agent} />
          </div>
          <section className="sup-section">
            <Facts agent={agent} />
          </section>
          <ProfileEditor key={agent.id} agent={agent} />
        </div>
      ) : (
        <Empty description={t("agents.gone")} />
      )}
    </Drawer>
  );
}
