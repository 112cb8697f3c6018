/** Rings for what comes in: the tone, the page's title, a notification, and the warning before a call is closed away. */

import { useEffect } from "react";
import { useTranslation } from "react-i18next";

import { notify } from "../phone/ringer";
import { readable } from "../phone/numbers";
import { useAgentDesk } from "./context";
import { incomingOf } from "./incoming";
import { caller } from "./pop";

export function useRinging(): void {
  const { t } = useTranslation();
  const { work, phoneState, phone, ringer, country } = useAgentDesk();
  const incoming = incomingOf(work, phoneState);
  const who = incoming
    ? caller(incoming.pop, t("agent.ringing.withheld"), (number) => readable(number, country)) || incoming.number
    : null;
  const id = incoming?.id ?? null;
  // A hardware phone rings by itself.
  const sounds = Boolean(incoming) && (phone.kind === "web" || incoming?.needsAccept === true);

  useEffect(() => {
    if (!id || !sounds) return;
    ringer.start();
    return () => ringer.stop();
  }, [id, sounds, ringer]);

  useEffect(() => {
    if (!id || who === null) return;
    const before = document.title;
    document.title = t("agent.ringing.pageTitle", { who });
    const close = notify(t("agent.ringing.title"), who, () => undefined);
    return () => {
      document.title = before;
      close();
    };
  }, [id, who, t]);

  const inCall = phone.kind === "web" && phoneState.calls.length > 0;
  useEffect(() => {
    if (!inCall) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [inCall]);
}
