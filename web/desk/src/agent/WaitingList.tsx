/** Who waits in the agent's queues: any of them may be picked up. */

import { PhoneOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";

import { readable } from "../phone/numbers";
import { useAgentDesk, useRun } from "./context";
import { pickUp } from "./diversion";
import { clock, useNow } from "./time";
import { useWaiting } from "./useWaiting";
import { type Row, rowsAfter } from "./waiting";

export function WaitingList() {
  const { t } = useTranslation();
  const { desk, live, country } = useAgentDesk();
  const run = useRun();
  const now = useNow();
  const { items, at, failed, ask } = useWaiting(true);
  const still = useRef(false);
  const [rows, setRows] = useState<Row[]>([]);
  useEffect(() => {
    if (items) setRows((before) => rowsAfter(before, items, still.current));
  }, [items]);
  const settle = (stays: boolean) => {
    still.current = stays;
    if (!stays && items) setRows(rowsAfter([], items, false));
  };
  const take = async (id: string) => {
    await run(() => pickUp(desk.api, id));
    ask();
  };
  // What is parked for the agent is beside the phone.
  const shown = rows.filter(({ id }) => !live.parked.has(id));
  return (
    <>
      <h3>{t("agent.waiting.title")}</h3>
      {shown.length === 0 && (failed || items) && (
        <p className="agent-hint" data-testid="no-waiting">{t(failed ? "agent.day.unavailable" : "agent.waiting.none")}</p>
      )}
      <ul
        className="agent-list"
        onPointerEnter={() => settle(true)}
        onPointerLeave={() => settle(false)}
        data-testid="waiting"
      >
        {shown.map((row) => {
          const who = row.customer ?? (row.ani ? readable(row.ani, country) : t("agent.ringing.withheld"));
          return (
            <li key={row.id} className={`agent-row${row.gone ? " gone" : ""}`} data-testid="waiting-row" data-contact={row.id}>
              <span>
                <b>{who}</b>
                <small>
                  {[
                    row.channel === "voice" ? "" : t(`agent.channel.${row.channel}`, row.channel),
                    live.queues.get(row.queue)?.name ?? row.queue,
                    row.gone ? t("agent.waiting.gone") : clock(row.wait_ms + now - at),
                    row.offered_to.length > 0 && !row.gone ? t("agent.waiting.rings", { who: row.offered_to.join(", ") }) : "",
                    row.park && !row.park.returned ? t("agent.park.for", { by: row.park.by, who: row.park.agent }) : "",
                  ]
                    .filter(Boolean)
                    .join(" · ")}
                </small>
              </span>
              <Button
                icon={<PhoneOutlined />}
                disabled={row.gone || !row.allowed_actions.includes("pick_up")}
                aria-label={t("agent.park.pickUpWho", { who })}
                onClick={() => void take(row.id)}
                data-testid="waiting-pick-up"
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
