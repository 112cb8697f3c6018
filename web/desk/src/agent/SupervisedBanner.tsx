/** Says that a supervisor is at the agent's talk; only where the site has agents told. */

import { Alert } from "antd";
import { useTranslation } from "react-i18next";

import { useDesk } from "../app/desk";
import { useSelected } from "../live/store";

export function SupervisedBanner({ agentId }: { agentId: string }) {
  const { t } = useTranslation();
  const { live } = useDesk();
  const mode = useSelected(live, (state) => {
    const there = [...state.supervisions.values()].filter((each) => each.agent_id === agentId && each.told && each.state !== "ringing");
    // Who is heard by all goes before who is heard by nobody.
    return (["barge", "whisper", "monitor"] as const).find((each) => there.some((one) => one.mode === each && one.state !== "waiting")) ?? null;
  });
  if (!mode) return null;
  return <Alert banner type="info" message={t(`agent.supervised.${mode}`)} data-testid="supervised" data-mode={mode} />;
}
