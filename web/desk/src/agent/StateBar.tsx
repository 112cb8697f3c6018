/** The bar above: the state, for how long, what comes next, and the ways into another one. */

import {
  CloseOutlined, DownOutlined, LogoutOutlined, QuestionCircleOutlined, SettingOutlined,
} from "@ant-design/icons";
import { App, Button, Dropdown, Popover, Segmented, Tooltip } from "antd";
import { useTranslation } from "react-i18next";

import { LanguageChoice } from "../app/LanguageChoice";
import { choose, useAppearance } from "../app/appearance";
import { CallsToMe } from "./CallsToMe";
import { Messages } from "./Messages";
import { useAgentDesk } from "./context";
import { clock, useNow } from "./time";
import { AT_REST, useActions } from "./useActions";
import { NOT_READY_BUTTON, SHORTCUTS, keyOf } from "./useShortcuts";

export function StateBar() {
  const { t } = useTranslation();
  const { agent, live, desk } = useAgentDesk();
  const now = useNow() + live.clockAhead;
  const until = agent.state === "WRAP_UP" && agent.wrap_up_until ? Date.parse(agent.wrap_up_until) - now : null;
  const overdue = until !== null && until <= 0;
  const time = until === null ? clock(now - Date.parse(agent.since)) : clock(until);
  const reason = useReasonLabel();
  return (
    <header className={`agent-bar state-${agent.state}${overdue ? " overdue" : ""}`} aria-label={t("agent.bar.label")}>
      <h1 className="agent-who" title={agent.id}>
        {agent.name}
        {agent.team && <small>{agent.team}</small>}
      </h1>
      <div className="agent-state">
        <span className="agent-state-name" role="status" data-testid="agent-state" data-state={agent.state}>
          {t(`agent.state.${agent.state}`)}
          {agent.reason && <small data-testid="agent-reason">{reason(agent.reason)}</small>}
        </span>
        <span className="agent-state-clock" data-testid="agent-clock">
          <small>{t(until === null ? "agent.state.since" : "agent.state.left")}</small> <time>{time}</time>
        </span>
        <Pending />
      </div>
      <StateButtons />
      <Lamps />
      <nav className="agent-tools">
        <CallsToMe />
        <Messages />
        <Shortcuts />
        <Settings />
        <SignOut />
      </nav>
      <span className="visually-hidden">{desk.me?.subject}</span>
    </header>
  );
}

function useReasonLabel(): (code: string) => string {
  const { t } = useTranslation();
  const { reasons } = useAgentDesk();
  return (code) => {
    const system = t(`agent.reason.${code}`);
    return reasons.find((reason) => reason.code === code && !reason.system)?.label ?? (system.startsWith("agent.") ? code : system);
  };
}

function Pending() {
  const { t } = useTranslation();
  const { agent } = useAgentDesk();
  const { setState } = useActions();
  const reason = useReasonLabel();
  if (!agent.pending_state || agent.pending_state === "READY") return null;
  const state = t(`agent.state.${agent.pending_state}`) + (agent.pending_reason ? `, ${reason(agent.pending_reason)}` : "");
  return (
    <span className="agent-pending" data-testid="pending-state" data-state={agent.pending_state} role="status">
      {t("agent.state.next", { state })}
      <Button
        size="small"
        type="text"
        icon={<CloseOutlined />}
        aria-label={t("agent.state.cancelNext")}
        title={t("agent.state.cancelNext")}
        onClick={() => void setState("READY")}
        data-testid="pending-cancel"
      />
    </span>
  );
}

function StateButtons() {
  const { t } = useTranslation();
  const { agent, reasons } = useAgentDesk();
  const { setState } = useActions();
  const choosable = reasons.filter(({ system }) => !system);
  if (agent.state === "LOGGED_OUT") {
    return (
      <div className="agent-buttons">
        <Button type="primary" size="large" onClick={() => void setState("NOT_READY")} data-testid="log-in">
          {t("agent.state.logIn")}
        </Button>
      </div>
    );
  }
  return (
    <div className="agent-buttons">
      <Button
        size="large"
        type={agent.state === "READY" ? "default" : "primary"}
        disabled={agent.state === "READY"}
        onClick={() => void setState("READY")}
        aria-keyshortcuts={keyOf("ready")}
        title={`${t("agent.shortcut.ready")} (${keyOf("ready")})`}
        data-testid="ready"
      >
        {t("agent.state.ready")}
      </Button>
      <Dropdown
        trigger={["click"]}
        menu={{
          items: [
            { key: "", label: t("agent.state.noReason") },
            ...choosable.map(({ code, label }) => ({ key: code, label: <span data-testid={`reason-${code}`}>{label}</span> })),
            { type: "divider" as const },
            { key: "\u0000out", label: <span data-testid="log-out">{t("agent.state.logOut")}</span> },
          ],
          onClick: ({ key }) =>
            void (key === "\u0000out" ? setState("LOGGED_OUT") : setState("NOT_READY", key || undefined)),
        }}
      >
        <Button
          size="large"
          id={NOT_READY_BUTTON}
          aria-keyshortcuts={keyOf("notReady")}
          aria-haspopup="menu"
          title={`${t("agent.state.chooseReason")} (${keyOf("notReady")})`}
          data-testid="not-ready"
        >
          {t("agent.state.notReady")} <DownOutlined aria-hidden />
        </Button>
      </Dropdown>
    </div>
  );
}

/** Whether ctid and the phone are there: a lamp each, and in words for who can't tell the colours apart. */
function Lamps() {
  const { t } = useTranslation();
  const { agent, desk, phone, phoneState } = useAgentDesk();
  const line = phone.kind === "web" ? phoneState.line : agent.device_reachable ? "reachable" : "unreachable";
  const good = ["registered", "reachable"];
  return (
    <ul className="agent-lamps">
      <li className={desk.stream.state === "live" ? "good" : "bad"} data-testid="connection" data-state={desk.stream.state}>
        {t("agent.bar.connection")} <b>{desk.stream.state === "live" ? t("agent.bar.live") : t("agent.bar.connecting")}</b>
      </li>
      <li className={good.includes(line) ? "good" : "bad"} data-testid="phone-line" data-state={line}>
        {t("agent.bar.phone")} <b>{t(`agent.bar.${line}`)}</b>
      </li>
    </ul>
  );
}

function Shortcuts() {
  const { t } = useTranslation();
  const keys = (
    <dl className="agent-keys" data-testid="shortcuts-list">
      {SHORTCUTS.map(([name, key]) => (
        <div key={name}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{t(`agent.shortcut.${name}`)}</dd>
        </div>
      ))}
    </dl>
  );
  return (
    <Popover trigger="click" title={t("agent.bar.shortcuts")} content={keys} placement="bottomRight">
      <Button type="text" icon={<QuestionCircleOutlined />} aria-label={t("agent.bar.shortcuts")} data-testid="shortcuts" />
    </Popover>
  );
}

function Settings() {
  const { t } = useTranslation();
  const { agent } = useAgentDesk();
  const { choice } = useAppearance();
  const content = (
    <div className="agent-settings">
      <LanguageChoice />
      <Segmented
        size="small"
        aria-label={t("agent.bar.appearance")}
        value={choice}
        options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t(`agent.bar.${value}`) }))}
        onChange={(value) => choose(value)}
        data-testid="appearance"
      />
    </div>
  );
  return (
    <Popover trigger="click" content={content} placement="bottomRight">
      <Button
        type="text"
        icon={<SettingOutlined />}
        aria-label={t("agent.bar.menu", { name: agent.name })}
        data-testid="settings"
      />
    </Popover>
  );
}

function SignOut() {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const { desk, agent, drafts } = useAgentDesk();
  const { setState } = useActions();
  const leave = async () => {
    await drafts.flush();
    // Who goes home takes no calls; who is in a call is logged out by ctid once it is over.
    if (agent.state !== "LOGGED_OUT") await setState("LOGGED_OUT");
    await desk.signOut();
  };
  const ask = () => {
    if (AT_REST.includes(agent.state)) void leave();
    else modal.confirm({ title: t("agent.bar.signOut"), content: t("agent.bar.signOutInCall"), onOk: leave });
  };
  return (
    <Tooltip title={t("agent.bar.signOut")}>
      <Button type="text" icon={<LogoutOutlined />} aria-label={t("agent.bar.signOut")} onClick={ask} data-testid="sign-out" />
    </Tooltip>
  );
}

