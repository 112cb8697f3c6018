/** Keys: function keys that browsers leave alone, so that they work wherever the cursor is. */

import { useEffect, useRef } from "react";

import { foremost } from "../phone/state";
import { useAgentDesk } from "./context";
import { useActions } from "./useActions";

/** What has to be found by a key carries one of these ids. */
export const DIAL_FIELD = "agent-dial";
export const NOTES_FIELD = "agent-notes";
export const NOT_READY_BUTTON = "agent-not-ready";
export const DEFLECT_BUTTON = "agent-deflect";

export const SHORTCUTS = [
  ["answer", "F4"],
  ["hangUp", "F9"],
  ["ready", "F8"],
  ["notReady", "Shift+F8"],
  ["dial", "F2"],
  ["note", "Shift+F2"],
  ["hold", "Shift+F4"],
  ["mute", "Shift+F9"],
] as const;

export type Shortcut = (typeof SHORTCUTS)[number][0];

export function keyOf(shortcut: Shortcut): string {
  return SHORTCUTS.find(([name]) => name === shortcut)?.[1] ?? "";
}

export function useShortcuts(): void {
  const actions = useActions();
  const { agent, phone, phoneState } = useAgentDesk();
  const does: Record<Shortcut, () => void> = {
    answer: () => void actions.answer(),
    hangUp: () => void actions.hangUp(),
    ready: () => {
      if (agent.state === "WRAP_UP" && agent.contact_id) void actions.completeWrapUp(agent.contact_id);
      else void actions.setState("READY");
    },
    notReady: () => {
      const button = document.getElementById(NOT_READY_BUTTON);
      button?.focus();
      button?.click();
    },
    dial: () => document.getElementById(DIAL_FIELD)?.focus(),
    note: () => document.getElementById(NOTES_FIELD)?.focus(),
    hold: () => {
      if (actions.incoming) {
        document.getElementById(DEFLECT_BUTTON)?.click();
        return;
      }
      const call = foremost(phoneState);
      const waiting = phoneState.calls.find(({ state }) => state === "held");
      if (phone.kind === "device" && waiting && call?.state === "connected") void phone.swap(waiting.id).catch(() => undefined);
      else if (call?.state === "connected") void phone.hold(call.id).catch(() => undefined);
      else if (call?.state === "held") void phone.retrieve(call.id).catch(() => undefined);
    },
    mute: () => {
      if (phone.abilities.has("mute") && phoneState.calls.length > 0) void phone.mute(!phoneState.muted).catch(() => undefined);
    },
  };
  const latest = useRef(does);
  latest.current = does;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      const pressed = (event.shiftKey ? "Shift+" : "") + event.key;
      const found = SHORTCUTS.find(([, keys]) => keys === pressed);
      if (!found) return;
      event.preventDefault();
      latest.current[found[0]]();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
