/** Beside the phone: callers who are parked for the agent, or by them, to be picked up. */

import { PhoneOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { readable } from "../phone/numbers";
import { notify } from "../phone/ringer";
import { useAgentDesk, useRun } from "./context";
import { pickUp } from "./diversion";
import { clock, useNow } from "./time";
import { useWaiting } from "./useWaiting";
import { mayPickUp, parkedFor, soonest } from "./waiting";

export function ParkedCalls() {
  const { t } = useTranslation();
  const { live } = useAgentDesk();
  return (
    <section aria-live="polite" aria-label={t("agent.park.parked")}>
      {live.parked.size > 0 && <Parked />}
    </section>
  );
}

function Parked() {
  const { t } = useTranslation();
  const { desk, live, agent, country } = useAgentDesk();
  const run = useRun();
  const now = useNow() + live.clockAhead;
  const { items, ask } = useWaiting(true);
  const parked = soonest(live.parked.values());
  const name = (id: string) => live.agents.get(id)?.name ?? id;
  const take = async (id: string) => {
    await run(() => pickUp(desk.api, id));
    ask();
  };
  return (
    <>
      <h3>{t("agent.park.parked")}</h3>
      <ul className="agent-list">
        {parked.map((each) => {
          const { id, contact } = each;
          const who = contact.customer?.name ?? (contact.ani ? readable(contact.ani, country) : t("agent.ringing.withheld"));
          const { text, who: other } = parkedFor(each, agent);
          return (
            <li key={id} className="agent-row" data-testid="parked" data-contact={id} data-for={text}>
              {text === "you" && <Told title={t("agent.park.you", { who: name(other) })} who={who} />}
              <span>
                <b>{who}</b>
                <small>
                  {t(`agent.park.${text}`, { who: name(other) })}
                  {/* Read out once, not every second. */}
                  {contact.park && <span aria-hidden> · {clock(now - Date.parse(contact.park.at))}</span>}
                </small>
              </span>
              <Button
                type={text === "you" ? "primary" : "default"}
                icon={<PhoneOutlined />}
                disabled={!mayPickUp(items ?? [], id)}
                aria-label={t("agent.park.pickUpWho", { who })}
                onClick={() => void take(id)}
                data-testid="parked-pick-up"
              >
                {t("agent.park.pickUp")}
              </Button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** Says so to an agent who looks elsewhere. */
function Told({ title, who }: { title: string; who: string }) {
  useEffect(() => notify(title, who, () => undefined), [title, who]);
  return null;
}
