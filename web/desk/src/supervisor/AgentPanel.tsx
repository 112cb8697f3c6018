/**
 * The agents: a table of as many as the site has, of which only the rows in sight are rendered.
 *
 * Which rows there are, and in which order, is worked out once a second at most; the cells of a row watch their agent
 * themselves and are always as told.
 */

import { DisconnectOutlined, DownOutlined, MailOutlined, SearchOutlined, WarningFilled } from "@ant-design/icons";
import { Button, type CheckboxProps, Dropdown, Input, Select, Table, type TableColumnsType, Tooltip } from "antd";
import { memo, useLayoutEffect, useMemo, useRef, useState } from "react";

import { useDesk } from "../app/desk";
import { type Agent, useSelected } from "../live/store";
import { useAgentCommands } from "./agentCommands";
import { type AgentFilter, type AgentOrder, NO_FILTER, compare, inTrouble, matches, mayBecome } from "./agentFilter";
import { useNow } from "./clock";
import { MessageDialog } from "./MessageDialog";
import { AGENT_STATES, AgentStateMark, QueueName, Reason, Since, StateIcon, contactName, useText } from "./parts";
import { useSelection } from "./selection";
import { useSite } from "./site";
import { useSupervising } from "./SuperviseButtons";
import type { Act } from "./supervision";

interface Row {
  id: string;
}

const Cell = memo(function Cell({ id, show }: { id: string; show: (agent: Agent) => React.ReactNode }) {
  const { live } = useDesk();
  const agent = useSelected(live, (state) => state.agents.get(id));
  return agent ? <>{show(agent)}</> : null;
});

export function Skills({ agent, most = 99 }: { agent: Agent; most?: number }) {
  const skills = Object.entries(agent.skills).sort(([, a], [, b]) => b - a);
  const more = skills.length - most;
  return (
    <>
      {skills.slice(0, most).map(([name, level]) => (
        <span className="sup-skill" key={name}>
          {name} <b>{level}</b>
        </span>
      ))}
      {more > 0 && <span className="sup-muted">+{more}</span>}
    </>
  );
}

function SkillsCell({ agent }: { agent: Agent }) {
  const { t } = useText();
  return (
    <Tooltip title={<Skills agent={agent} />}>
      <span className="sup-clip" style={{ display: "block" }}>
        {agent.live_changes.length > 0 && <span title={t("agents.changed")}>✱ </span>}
        <Skills agent={agent} most={3} />
      </span>
    </Tooltip>
  );
}

function QueuesCell({ agent }: { agent: Agent }) {
  const { t } = useText();
  const queues = Object.keys(agent.queues);
  if (!queues.length) return <span className="sup-muted">{t("agents.allQueues")}</span>;
  return (
    <span className="sup-clip" style={{ display: "block" }} title={queues.join(", ")}>
      {queues.map((id, index) => (
        <span key={id}>
          {index > 0 && ", "}
          <QueueName id={id} />
        </span>
      ))}
    </span>
  );
}

function ContactCell({ agent }: { agent: Agent }) {
  const { live } = useDesk();
  const { t } = useText();
  const { open } = useSelection();
  const offered = useSelected(live, (state) => (agent.offer_id ? state.offers.get(agent.offer_id)?.contact_id : undefined));
  const ids = [...new Set([agent.contact_id, offered, ...agent.tasks.map(({ contact_id }) => contact_id)])].filter(
    (id): id is string => Boolean(id),
  );
  const name = useSelected(live, (state) => {
    const contact = ids[0] ? state.contacts.get(ids[0]) : undefined;
    return contact && contactName(contact, t);
  });
  if (!ids[0]) return null;
  return (
    <span className="sup-state" style={{ maxWidth: "100%" }}>
      <button
        className="sup-link"
        type="button"
        aria-haspopup="dialog"
        onClick={(event) => {
          event.stopPropagation();
          open({ contact: ids[0]! });
        }}
      >
        {name ?? ids[0]}
      </button>
      {ids.length > 1 && <span className="sup-muted">+{ids.length - 1}</span>}
    </span>
  );
}

function DeviceCell({ agent }: { agent: Agent }) {
  const { t } = useText();
  if (!agent.device_reachable && agent.state !== "LOGGED_OUT") {
    return (
      <Tooltip title={t("agents.unreachable", { device: agent.device })}>
        <span className="sup-state" style={{ color: "var(--sup-not-ready)" }}>
          <DisconnectOutlined aria-hidden /> {t("agents.phoneAway")}
        </span>
      </Tooltip>
    );
  }
  if (agent.desktops === 0 && agent.state !== "LOGGED_OUT") {
    return (
      <Tooltip title={t("agents.noDesktop")}>
        <span className="sup-state sup-muted">
          <WarningFilled aria-hidden /> {t("agents.desktopAway")}
        </span>
      </Tooltip>
    );
  }
  if (agent.device_in_use && !agent.contact_id && !agent.offer_id) {
    return <span className="sup-muted">{t("agents.ownCall")}</span>;
  }
  return null;
}

function ActCell({ agent }: { agent: Agent }) {
  const { t } = useText();
  const { open } = useSelection();
  const { reasons } = useSite();
  const commands = useAgentCommands();
  const [message, setMessage] = useState(false);
  const { ways, ask, needsPhone, phone } = useSupervising(agent);
  // Who has to say which phone first does so in the drawer.
  const supervise = ways.length > 0 && (!needsPhone || phone || ways.includes("end")) ? ways : [];
  const items = [
    { key: "READY", label: t("agents.setReady"), disabled: !mayBecome(agent, "READY") },
    {
      key: "not-ready",
      label: t("agents.setNotReady"),
      disabled: !mayBecome(agent, "NOT_READY"),
      children: reasons.length
        ? reasons.map(({ code, label }) => ({ key: `NOT_READY ${code}`, label }))
        : [{ key: "NOT_READY", label: t("agents.noReason") }],
    },
    { key: "LOGGED_OUT", label: t("agents.logOut"), disabled: !mayBecome(agent, "LOGGED_OUT"), danger: true },
    { type: "divider" as const },
    ...supervise.map((way) => ({
      key: `supervise ${way}`,
      label: <span data-testid={`supervise-${way}-${agent.id}`}>{t(`supervise.way.${way}`)}</span>,
      danger: way === "take_over",
    })),
    ...(ways.length > 0 && supervise.length === 0 ? [{ key: "profile-supervise", label: t("supervise.way.monitor") }] : []),
    ...(ways.length > 0 ? [{ type: "divider" as const }] : []),
    { key: "profile", label: t("agents.editProfile") },
    { key: "message", label: t("message.write") },
  ];
  return (
    <span onClick={(event) => event.stopPropagation()}>
      <Dropdown
        trigger={["click"]}
        menu={{
          items,
          onClick: ({ key }) => {
            if (key.startsWith("profile")) open({ agent: agent.id });
            else if (key.startsWith("supervise ")) void ask(key.split(" ")[1] as Act);
            else if (key === "message") setMessage(true);
            else {
              const [state, reason] = key.split(" ") as ["READY" | "NOT_READY" | "LOGGED_OUT", string | undefined];
              void commands.setState(agent, state, reason);
            }
          },
        }}
      >
        <Button size="small" icon={<DownOutlined />} aria-label={t("agents.act", { name: agent.name })} data-testid={`agent-act-${agent.id}`} />
      </Dropdown>
      {message && <MessageDialog agents={[agent.id]} onClose={() => setMessage(false)} />}
    </span>
  );
}

function NameCell({ agent }: { agent: Agent }) {
  const { open } = useSelection();
  return (
    <button className="sup-link" type="button" aria-haspopup="dialog" data-testid={`agent-open-${agent.id}`} onClick={() => open({ agent: agent.id })}>
      {agent.name}
    </button>
  );
}

const SHOW = {
  name: (agent: Agent) => <NameCell agent={agent} />,
  team: (agent: Agent) => agent.team,
  state: (agent: Agent) => (
    <span data-testid={`agent-state-${agent.id}`}>
      <AgentStateMark agent={agent} />
    </span>
  ),
  since: (agent: Agent) => <Since at={agent.since} />,
  reason: (agent: Agent) => <Reason code={agent.state === "NOT_READY" ? agent.reason : agent.pending_reason} />,
  skills: (agent: Agent) => <SkillsCell agent={agent} />,
  queues: (agent: Agent) => <QueuesCell agent={agent} />,
  contact: (agent: Agent) => <ContactCell agent={agent} />,
  device: (agent: Agent) => <DeviceCell agent={agent} />,
  act: (agent: Agent) => <ActCell agent={agent} />,
};

function cell(show: (agent: Agent) => React.ReactNode) {
  return (_: unknown, row: Row) => <Cell id={row.id} show={show} />;
}

/** The inner size of an element, as it is laid out. */
function useSize<E extends HTMLElement>() {
  const ref = useRef<E>(null);
  const [size, setSize] = useState({ width: 800, height: 300 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: Math.floor(entry.contentRect.width), height: Math.floor(entry.contentRect.height) });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, size] as const;
}

function FilterBar({ filter, onChange, agents }: { filter: AgentFilter; onChange: (filter: AgentFilter) => void; agents: readonly Agent[] }) {
  const { t } = useText();
  const counts = useMemo(() => {
    const found = new Map<string, number>();
    agents.forEach(({ state }) => found.set(state, (found.get(state) ?? 0) + 1));
    return found;
  }, [agents]);
  const teams = useMemo(() => [...new Set(agents.map(({ team }) => team ?? ""))].filter(Boolean).sort(), [agents]);
  const skills = useMemo(() => [...new Set(agents.flatMap(({ skills }) => Object.keys(skills)))].sort(), [agents]);
  const trouble = agents.filter(inTrouble).length;
  const toggle = (state: string) =>
    onChange({
      ...filter,
      states: filter.states.includes(state) ? filter.states.filter((other) => other !== state) : [...filter.states, state],
    });
  return (
    <>
      <Input
        allowClear
        size="small"
        style={{ width: 170 }}
        prefix={<SearchOutlined aria-hidden />}
        placeholder={t("agents.search")}
        aria-label={t("agents.search")}
        value={filter.text}
        data-testid="agents-search"
        onChange={(event) => onChange({ ...filter, text: event.target.value })}
      />
      {teams.length > 1 && (
        <Select
          mode="multiple"
          allowClear
          size="small"
          style={{ minWidth: 92 }}
          maxTagCount="responsive"
          placeholder={t("agents.team")}
          aria-label={t("agents.team")}
          value={[...filter.teams]}
          options={teams.map((value) => ({ value, label: value }))}
          onChange={(chosen) => onChange({ ...filter, teams: chosen })}
        />
      )}
      <Select
        mode="multiple"
        allowClear
        size="small"
        style={{ minWidth: 92 }}
        maxTagCount="responsive"
        placeholder={t("agents.skills")}
        aria-label={t("agents.skills")}
        value={[...filter.skills]}
        options={skills.map((value) => ({ value, label: value }))}
        onChange={(chosen) => onChange({ ...filter, skills: chosen })}
      />
      <div className="sup-chips" role="group" aria-label={t("agents.state")}>
        {AGENT_STATES.map((state) => (
          <button key={state} type="button" className="sup-chip" aria-pressed={filter.states.includes(state)} data-testid={`agents-filter-${state}`} onClick={() => toggle(state)}>
            <StateIcon state={state} /> {t(`state.${state}`)} <b>{counts.get(state) ?? 0}</b>
          </button>
        ))}
        {trouble > 0 && (
          <button type="button" className="sup-chip" aria-pressed={filter.troubleOnly} onClick={() => onChange({ ...filter, troubleOnly: !filter.troubleOnly })}>
            <WarningFilled style={{ color: "var(--sup-not-ready)" }} aria-hidden /> {t("agents.trouble")} <b>{trouble}</b>
          </button>
        )}
      </div>
    </>
  );
}

/** Columns in their order, with the width of the table from which on there is room for each. */
const COLUMNS: { key: keyof typeof SHOW; width: number; order?: AgentOrder; from: number }[] = [
  { key: "name", width: 150, order: "name", from: 0 },
  { key: "state", width: 150, order: "state", from: 0 },
  { key: "since", width: 80, order: "since", from: 0 },
  { key: "reason", width: 110, from: 0 },
  { key: "contact", width: 130, from: 0 },
  { key: "skills", width: 210, from: 0 },
  { key: "queues", width: 130, from: 1_180 },
  { key: "team", width: 80, order: "team", from: 1_040 },
  { key: "device", width: 125, from: 0 },
  { key: "act", width: 48, from: 0 },
];
const HEAD_PX = 36;
const SCROLLBAR_PX = 12;
const CHECK_PX = 40;

export function AgentPanel() {
  const { t } = useText();
  const { live } = useDesk();
  const selection = useSelection();
  const [filter, setFilter] = useState(NO_FILTER);
  const [order, setOrder] = useState<{ by: AgentOrder; down: boolean }>({ by: "name", down: false });
  const [chosen, setChosen] = useState<string[]>([]);
  const [message, setMessage] = useState(false);
  const [box, size] = useSize<HTMLDivElement>();

  const second = useNow();
  // A new snapshot is shown at once; else the order may lag behind by the rest of a second.
  const count = useSelected(live, (state) => state.agents.size);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the second and the count stand for the live state
  const agents = useMemo(() => [...live.now().agents.values()], [live, second, count]);
  const rows = useMemo<Row[]>(() => {
    const listed = agents.filter((agent) => matches(agent, filter)).sort(compare(order.by));
    return (order.down ? listed.reverse() : listed).map(({ id }) => ({ id }));
  }, [agents, filter, order]);

  const columns = useMemo<TableColumnsType<Row>>(() => {
    const shown = COLUMNS.filter(({ from }) => size.width >= from);
    const spare = Math.max(0, size.width - CHECK_PX - shown.reduce((sum, { width }) => sum + width, 0) - SCROLLBAR_PX);
    return shown.map(({ key, width, order: by }) => ({
      key,
      title: key === "act" ? <span className="sup-hidden">{t("agents.actions")}</span> : t(`agents.${key}`),
      width: key === "skills" || key === "contact" ? width + Math.floor(spare / 2) : width,
      ellipsis: key !== "act",
      ...(by && {
        sorter: true,
        sortOrder: order.by === by ? (order.down ? ("descend" as const) : ("ascend" as const)) : null,
      }),
      render: cell(SHOW[key]),
    }));
  }, [t, size.width, order]);

  return (
    <section className="sup-panel" aria-label={t("agents.title")} data-testid="agents">
      <header>
        <h2>
          {t("agents.title")} <span className="sup-muted">{rows.length === agents.length ? rows.length : `${rows.length} / ${agents.length}`}</span>
        </h2>
        <FilterBar filter={filter} onChange={setFilter} agents={agents} />
        <span style={{ flex: 1 }} />
        <Button size="small" icon={<MailOutlined />} onClick={() => setMessage(true)} data-testid="agents-message">
          {chosen.length ? t("message.writeTo", { count: chosen.length }) : t("message.write")}
        </Button>
      </header>
      <div className="sup-fill" ref={box}>
        <Table
          virtual
          size="small"
          rowKey="id"
          columns={columns}
          dataSource={rows}
          pagination={false}
          showSorterTooltip={false}
          scroll={{ x: Math.max(size.width - SCROLLBAR_PX, 960), y: Math.max(120, size.height - HEAD_PX) }}
          rowSelection={{
            selectedRowKeys: chosen,
            columnWidth: CHECK_PX,
            onChange: (keys) => setChosen(keys as string[]),
            getTitleCheckboxProps: () => ({ "aria-label": t("agents.chooseAll") }),
            getCheckboxProps: ({ id }) => ({ "aria-label": t("agents.choose", { name: live.now().agents.get(id)?.name ?? id }) }) as CheckboxProps,
          }}
          onRow={(row) => ({ onDoubleClick: () => selection.open({ agent: row.id }) })}
          onChange={(_page, _filters, sorter) => {
            const by = Array.isArray(sorter) ? sorter[0] : sorter;
            setOrder(by?.order ? { by: by.columnKey as AgentOrder, down: by.order === "descend" } : { by: "name", down: false });
          }}
          locale={{ emptyText: t("agents.none") }}
        />
      </div>
      {message && <MessageDialog agents={chosen} onClose={() => setMessage(false)} />}
    </section>
  );
}
