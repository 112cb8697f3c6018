/** Who else is in the call: each may be kept from being heard, or taken out. */

import { AudioMutedOutlined, AudioOutlined, CloseOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";

import { readable } from "../phone/numbers";
import { muteParty, withdrawConsultation } from "./callControl";
import { useAgentDesk, useRun } from "./context";
import type { Party } from "./parties";

export function Parties({ contactId, parties }: { contactId: string; parties: readonly Party[] }) {
  const { t } = useTranslation();
  const { desk, country } = useAgentDesk();
  const run = useRun();
  if (parties.length === 0) return null;
  return (
    <ul className="agent-parties" aria-label={t("agent.party.title")} data-testid="parties">
      {parties.map(({ id, name, state, legId, muted, actions }) => {
        const who = readable(name, country);
        const muting = t(muted ? "agent.party.unmute" : "agent.party.mute", { who });
        const removing = t("agent.party.remove", { who });
        return (
          <li key={id} data-testid="party" data-party={id} data-state={state} data-muted={muted}>
            <span>
              <b>{who}</b>
              <small role="status">{t(muted ? "agent.party.muted" : `agent.party.${state}`)}</small>
            </span>
            {state === "conferenced" && legId && (
              <Button
                size="small"
                type={muted ? "primary" : "default"}
                icon={muted ? <AudioMutedOutlined /> : <AudioOutlined />}
                aria-label={muting}
                title={muting}
                onClick={() => void run(() => muteParty(desk.api, contactId, legId, !muted))}
                data-testid="party-mute"
              />
            )}
            {actions.includes("withdraw") && (
              <Button
                size="small"
                icon={<CloseOutlined />}
                aria-label={removing}
                title={removing}
                onClick={() => void run(() => withdrawConsultation(desk.api, id))}
                data-testid="party-remove"
              />
            )}
          </li>
        );
      })}
    </ul>
  );
}
