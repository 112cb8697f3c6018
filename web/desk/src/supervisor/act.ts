/** Carry out a command for the supervisor, and tell what came of it: done, or what stands against it now. */

import { ProblemError, UnreachableError } from "@ctid/client";
import { App } from "antd";
import type { TFunction } from "i18next";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";

/** Gives whether the command was carried out. */
export type Act = (done: string, command: () => Promise<unknown>) => Promise<boolean>;

export function useAct(): Act {
  const { message, notification } = App.useApp();
  const { t } = useTranslation("translation", { keyPrefix: "supervisor" });
  return useCallback(
    async (done, command) => {
      try {
        await command();
        void message.success(done);
        return true;
      } catch (error) {
        const [title, text] = explain(error, t);
        notification.error({ message: title, description: text, duration: 8, role: "alert" });
        return false;
      }
    },
    [message, notification, t],
  );
}

function explain(error: unknown, t: TFunction<"translation", "supervisor">): [string, string] {
  if (error instanceof UnreachableError) return [t("act.unreachable"), t("act.unreachableText")];
  if (!(error instanceof ProblemError)) throw error;
  const { detail, title, current } = error.problem;
  const now = typeof current === "string" ? t("act.now", { state: t(`state.${current}`, { defaultValue: current }) }) : "";
  const text = [detail ?? title, now].filter(Boolean).join(" ");
  if (error.status === 412) return [t("act.changed"), `${t("act.changedText")} ${now}`];
  if (error.status === 409) return [t("act.conflict"), text];
  if (error.status === 403) return [t("act.forbidden"), text];
  if (error.status === 404) return [t("act.gone"), text];
  return [t("act.refused"), text];
}
