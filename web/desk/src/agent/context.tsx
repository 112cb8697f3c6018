/** What every part of the agent's page needs: who, which phone, what is at hand, and how a command is given. */

import { ProblemError, UnreachableError } from "@ctid/client";
import { App } from "antd";
import { createContext, useCallback, useContext } from "react";
import { useTranslation } from "react-i18next";

import type { Desk } from "../app/desk";
import type { Agent, LiveState } from "../live/store";
import type { Audio } from "../phone/audio";
import { type Phone, PhoneError } from "../phone/phone";
import type { Ringer } from "../phone/ringer";
import type { PhoneState } from "../phone/state";
import type { Drafts } from "./drafts";
import type { Work } from "./pop";

export interface Code {
  code: string;
  label: string;
  system: boolean;
}

export interface AgentDesk {
  desk: Desk;
  agent: Agent;
  live: LiveState;
  phone: Phone;
  phoneState: PhoneState;
  audio: Audio;
  ringer: Ringer;
  /** Of a hardware phone. */
  device: string | null;
  drafts: Drafts;
  work: Work[];
  shown: Work | null;
  show: (contactId: string) => void;
  country: string;
  reasons: Code[];
  dispositions: Code[];
  /** There is a flow that callers can be sent to. */
  hasIvr: boolean;
}

export const AgentDeskOrNone = createContext<AgentDesk | null>(null);
export const AgentDeskProvider = AgentDeskOrNone.Provider;

export function useAgentDesk(): AgentDesk {
  const desk = useContext(AgentDeskOrNone);
  if (!desk) throw new Error("useAgentDesk needs an AgentDeskProvider");
  return desk;
}

/** Runs a command and tells the agent if it was refused; gives whether it was carried out. */
export function useRun(): (command: () => Promise<unknown>) => Promise<boolean> {
  const { message } = App.useApp();
  const { t } = useTranslation();
  return useCallback(
    async (command) => {
      try {
        await command();
        return true;
      } catch (error) {
        void message.error({ content: <span data-testid="fault">{faultText(error, t)}</span>, duration: 6 });
        return false;
      }
    },
    [message, t],
  );
}

export function faultText(error: unknown, t: (key: string) => string): string {
  if (error instanceof PhoneError) {
    const known = t(`agent.error.${error.reason}`);
    return known.startsWith("agent.") ? t(`agent.fault.${error.reason}`) : known;
  }
  if (error instanceof UnreachableError) return t("agent.error.unreachable");
  if (error instanceof ProblemError) return error.status === 412 ? t("agent.error.changed") : error.message;
  return String(error);
}
