/** The agent's day so far, asked again whenever something of it has come to an end. */

import { useCallback, useEffect, useState } from "react";

import { useAgentDesk } from "./context";
import { type Day, day as askDay } from "./deskData";

const FRESH_MS = 60_000;

export interface DayNow {
  day: Day | null;
  /** When it was asked, by this browser's clock. */
  at: number;
  failed: boolean;
  ask: () => void;
}

export function useDay(): DayNow {
  const { desk, agent } = useAgentDesk();
  const [now, setNow] = useState<Omit<DayNow, "ask">>({ day: null, at: 0, failed: false });
  const { api } = desk;
  const ask = useCallback(
    () =>
      void askDay(api, agent.id).then(
        (day) => setNow({ day, at: Date.now(), failed: false }),
        () => setNow((before) => ({ ...before, failed: true })),
      ),
    [api, agent.id],
  );
  useEffect(() => {
    ask();
    const timer = setInterval(ask, FRESH_MS);
    return () => clearInterval(timer);
  }, [ask, agent.state, agent.reason]);
  useEffect(
    () =>
      desk.live.hear(({ type }) => {
        if (type.startsWith("callback.")) ask();
      }),
    [desk.live, ask],
  );
  return { ...now, ask };
}
