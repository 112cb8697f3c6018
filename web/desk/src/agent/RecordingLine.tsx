/** Says that a call is recorded, or not just now, and has the button for what may be asked of its recording. */

import { Button } from "antd";
import { useTranslation } from "react-i18next";

import type { Contact } from "../live/store";
import { type RecordingAction, actOnRecording } from "./callControl";
import { useAgentDesk, useRun } from "./context";

const ACTIONS: readonly RecordingAction[] = ["record", "pause_recording", "resume_recording"];

export function RecordingLine({ contact }: { contact: Contact }) {
  const { t } = useTranslation();
  const { desk } = useAgentDesk();
  const run = useRun();
  const { recording } = contact;
  if (!recording) return null;
  const action = ACTIONS.find((each) => contact.allowed_actions.includes(each));
  return (
    <div className={`agent-recording ${recording.state}`} data-testid="recording" data-state={recording.state}>
      <span role="status">{t(`agent.recording.${recording.state}`)}</span>
      {action && (
        <Button size="small" onClick={() => void run(() => actOnRecording(desk.api, contact.id, action))} data-testid={action}>
          {t(`agent.recording.${action}`)}
        </Button>
      )}
    </div>
  );
}
