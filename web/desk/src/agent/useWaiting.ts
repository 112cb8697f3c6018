/** What the agent may pick up, asked again while it is looked at: nobody tells agents who waits. */

import { useCallback, useEffect, useRef, useState } from "react";

import { useAgentDesk } from "./context";
import { type Waiting, waiting } from "./diversion";

const FRESH_MS = 5_000;
/** What happens together is asked for once. */
const TOGETHER_MS = 100;

export interface WaitingNow {
  /** Null until ctid has answered. */
  items: Waiting[] | null;
  /** When it was asked, by this browser's clock. */
  at: number;
  failed: boolean;
  ask: () => void;
}

/** @param wanted Whether it is shown. */
export function useWaiting(wanted: boolean): WaitingNow {
  const { desk, agent, live } = useAgentDesk();
  const { api } = desk;
  const [now, setNow] = useState<Omit<WaitingNow, "ask">>({ items: null, at: 0, failed: false });
  const asked = useRef(0);
  const ask = useCallback(() => {
    const turn = ++asked.current;
    void waiting(api, agent.id).then(
      (items) => asked.current === turn && setNow({ items, at: Date.now(), failed: false }),
      () => asked.current === turn && setNow((before) => ({ ...before, failed: true })),
    );
  }, [api, agent.id]);
  useEffect(() => {
    if (!wanted) return;
    const timer = setInterval(() => document.visibilityState === "visible" && ask(), FRESH_MS);
    return () => clearInterval(timer);
  }, [wanted, ask]);
  useEffect(() => {
    if (!wanted) return;
    const timer = setTimeout(ask, TOGETHER_MS);
    return () => clearTimeout(timer);
  }, [wanted, ask, agent, live.parked]);
  return { ...now, ask };
}
