/** What becomes of calls for the agent: not to be disturbed, forwarded; and what the phone does by itself. */

import { BellOutlined, MinusCircleOutlined, SwapRightOutlined } from "@ant-design/icons";
import { Button, Input, Popover, Switch } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import { readable, toDial } from "../phone/numbers";
import { useAgentDesk, useRun } from "./context";

const ICONS = { rings: <BellOutlined />, unreachable: <BellOutlined />, do_not_disturb: <MinusCircleOutlined />, forwarded: <SwapRightOutlined /> };

export function CallsToMe() {
  const { t } = useTranslation();
  const { agent } = useAgentDesk();
  const { state, said } = agent.phone;
  const away = state === "do_not_disturb" || state === "forwarded";
  return (
    <Popover trigger="click" title={t("agent.calls.title")} content={<Settings />} placement="bottomRight" destroyOnHidden>
      <Button
        type={away ? "default" : "text"}
        danger={away}
        icon={ICONS[state]}
        aria-label={t("agent.calls.title")}
        title={t(`agent.calls.${state}`)}
        data-testid="calls-to-me"
        data-state={state}
        data-said={said?.state}
      >
        {away && t(`agent.calls.${state}`)}
      </Button>
    </Popover>
  );
}

function Settings() {
  const { t } = useTranslation();
  const { agent, desk, country } = useAgentDesk();
  const run = useRun();
  const [typed, type] = useState(agent.phone.forwarded_to ?? "");
  const [busy, setBusy] = useState(false);
  const set = async (body: { do_not_disturb?: boolean; forwarded_to?: string | null }) => {
    setBusy(true);
    await run(() => desk.api.PATCH("/v1/agents/{agent_id}/phone", { params: { path: { agent_id: agent.id } }, body }));
    setBusy(false);
  };
  const { do_not_disturb: silent, forwarded_to: target, said } = agent.phone;
  return (
    <div className="agent-settings agent-calls">
      <label>
        <Switch checked={silent} loading={busy} onChange={(on) => void set({ do_not_disturb: on })} data-testid="do-not-disturb" />{" "}
        {t("agent.calls.do_not_disturb")}
      </label>
      <Input.Search
        value={typed}
        onChange={({ target: { value } }) => type(value)}
        onSearch={(value) => void set({ forwarded_to: toDial(value, country) || value.trim() || null })}
        enterButton={t("agent.calls.forward")}
        placeholder={t("agent.calls.number")}
        aria-label={t("agent.calls.number")}
        inputMode="tel"
        maxLength={33}
        disabled={busy}
        data-testid="forward-to"
      />
      {target && (
        <p data-testid="forwarded-to">
          {t("agent.calls.goTo", { number: readable(target, country) })}{" "}
          <Button
            size="small"
            disabled={busy}
            onClick={() => {
              type("");
              void set({ forwarded_to: null });
            }}
            data-testid="forward-off"
          >
            {t("agent.calls.stop")}
          </Button>
        </p>
      )}
      {said && (
        <p role="status" data-testid="phone-said">
          {t(`agent.calls.said.${said.state}`, { number: said.forwarded_to ?? "" })}{" "}
          <Button size="small" disabled={busy} onClick={() => void set({ do_not_disturb: false })} data-testid="phone-again">
            {t("agent.calls.again")}
          </Button>
        </p>
      )}
    </div>
  );
}
