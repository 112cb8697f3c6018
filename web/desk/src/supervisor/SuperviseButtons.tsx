/** At an agent's talk: listen, coach, barge in, take over, leave; and the phone for it, if the supervisor is no agent. */

import { AudioOutlined, CustomerServiceOutlined, PhoneOutlined, SwapOutlined, TeamOutlined } from "@ant-design/icons";
import { Button, Input, Popconfirm, Space, Tag } from "antd";
import { useState } from "react";

import { useDesk } from "../app/desk";
import { type Agent, useSelected } from "../live/store";
import { useAct } from "./act";
import { useText } from "./parts";
import { type Act, MODES, type Mode, ownSupervision, phoneOf, waysIn } from "./supervision";

const PHONE = "ctid.supervisor.phone";
const ICONS: Record<Mode, React.ReactNode> = { monitor: <CustomerServiceOutlined />, whisper: <AudioOutlined />, barge: <TeamOutlined /> };

export interface Supervising {
  ways: Act[];
  mode: Mode | null;
  state: string | null;
  /** Whether the phone has to be said. */
  needsPhone: boolean;
  phone: string;
  setPhone: (phone: string) => void;
  ask: (act: Act) => Promise<boolean>;
}

export function useSupervising(agent: Agent): Supervising {
  const { api, live, me } = useDesk();
  const { t } = useText();
  const act = useAct();
  const [typed, setTyped] = useState<string | null>(null);
  // Other rows and the drawer have it from here, too.
  const phone = typed ?? localStorage.getItem(PHONE) ?? "";
  const contact = useSelected(live, (state) => (agent.contact_id ? state.contacts.get(agent.contact_id) : undefined));
  const own = useSelected(live, (state) => ownSupervision(state.supervisions, agent.id, me?.subject ?? ""));
  const needsPhone = !me?.agent_id;

  const ask = (what: Act) =>
    act(t(`supervise.done.${what}`, { name: agent.name }), () => {
      if (!own) {
        const given = needsPhone ? phoneOf(phone) : undefined;
        return api.POST("/v1/supervisions", { body: { of: { agent: agent.id }, mode: what as Mode, stays: false, ...(given && { phone: given }) } });
      }
      const params = { path: { supervision_id: own.id } };
      if (what === "end") return api.DELETE("/v1/supervisions/{supervision_id}", { params });
      if (what === "take_over") return api.POST("/v1/supervisions/{supervision_id}/take-over", { params });
      return api.PATCH("/v1/supervisions/{supervision_id}", { params, body: { mode: what } });
    });

  return {
    ways: waysIn(agent, contact, own),
    mode: own?.mode ?? null,
    state: own?.state ?? null,
    needsPhone,
    phone,
    setPhone: (said) => {
      setTyped(said);
      localStorage.setItem(PHONE, said);
    },
    ask,
  };
}

export function SuperviseButtons({ agent }: { agent: Agent }) {
  const { t } = useText();
  const { ways, mode, state, needsPhone, phone, setPhone, ask } = useSupervising(agent);
  if (!ways.length && !mode) return null;
  return (
    <Space wrap role="group" aria-label={t("supervise.title")} data-testid="supervise" data-mode={mode ?? ""} data-state={state ?? ""}>
      {MODES.map((each) => (
        <Button
          key={each}
          icon={ICONS[each]}
          type={each === mode ? "primary" : "default"}
          aria-pressed={each === mode}
          disabled={each !== mode && !ways.includes(each)}
          title={t(`supervise.help.${each}`)}
          onClick={() => each !== mode && void ask(each)}
          data-testid={`supervise-${each}`}
        >
          {t(`supervise.mode.${each}`)}
        </Button>
      ))}
      {mode && (
        <>
          <Popconfirm
            title={t("supervise.takeOverSure", { name: agent.name })}
            okText={t("supervise.takeOver")}
            cancelText={t("supervise.no")}
            okButtonProps={{ "data-testid": "supervise-take-over-sure" }}
            onConfirm={() => ask("take_over")}
          >
            <Button danger icon={<SwapOutlined />} disabled={!ways.includes("take_over")} data-testid="supervise-take-over">
              {t("supervise.takeOver")}
            </Button>
          </Popconfirm>
          <Button icon={<PhoneOutlined />} disabled={!ways.includes("end")} onClick={() => void ask("end")} data-testid="supervise-end">
            {t("supervise.end")}
          </Button>
          <Tag>{t(`supervise.state.${state}`)}</Tag>
        </>
      )}
      {needsPhone && !mode && (
        <Input
          size="small"
          style={{ width: 190 }}
          prefix={<PhoneOutlined aria-hidden />}
          value={phone}
          placeholder={t("supervise.phone")}
          aria-label={t("supervise.phone")}
          onChange={(event) => setPhone(event.target.value)}
          data-testid="supervise-phone"
        />
      )}
    </Space>
  );
}
