/** Microphone, loudspeaker and ringer: which, how loud, and whether anything comes through. */

import { Button, Select, Slider, Switch } from "antd";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { foremost } from "../phone/state";
import { useAgentDesk } from "./context";

const LEVEL_MS = 100;

export function AudioSettings() {
  const { t } = useTranslation();
  const { audio, ringer } = useAgentDesk();
  const [devices, setDevices] = useState<Awaited<ReturnType<typeof audio.devices>>>({ microphones: [], speakers: [] });
  const [choice, setChoice] = useState(audio.choice);
  useEffect(() => {
    const look = () => void audio.devices().then(setDevices);
    look();
    navigator.mediaDevices?.addEventListener("devicechange", look);
    return () => navigator.mediaDevices?.removeEventListener("devicechange", look);
  }, [audio]);
  const change = (change: Partial<typeof choice>) => {
    audio.choose(change);
    setChoice(audio.choice);
  };
  const pick = (name: "microphone" | "speaker" | "ringer", from: MediaDeviceInfo[]) => (
    <label>
      {t(`agent.audio.${name}`)}
      <Select
        value={from.some(({ deviceId }) => deviceId === choice[name]) ? choice[name] : ""}
        options={[
          { value: "", label: t("agent.audio.system") },
          ...from.filter(({ deviceId }) => deviceId !== "default").map(({ deviceId, label }) => ({ value: deviceId, label: label || deviceId })),
        ]}
        onChange={(value: string) => change({ [name]: value })}
        data-testid={`audio-${name}`}
      />
    </label>
  );
  return (
    <div className="agent-audio">
      {pick("microphone", devices.microphones)}
      {pick("speaker", devices.speakers)}
      {pick("ringer", devices.speakers)}
      <label>
        {t("agent.audio.volume")}
        <Slider
          min={0}
          max={1}
          step={0.05}
          value={choice.ringVolume}
          tooltip={{ open: false }}
          ariaLabelForHandle={t("agent.audio.volume")}
          onChange={(ringVolume) => change({ ringVolume })}
        />
      </label>
      <Button onClick={() => ringer.sample()} data-testid="ring-once">
        {t("agent.audio.test")}
      </Button>
      <Meters always />
      <Notifications />
    </div>
  );
}

function Notifications() {
  const { t } = useTranslation();
  const [permission, setPermission] = useState(() => ("Notification" in window ? Notification.permission : "denied"));
  return (
    <label className="agent-inline">
      <Switch
        size="small"
        checked={permission === "granted"}
        disabled={permission !== "default"}
        onChange={() => void Notification.requestPermission().then(setPermission)}
      />
      {t(permission === "denied" ? "agent.audio.notificationsDenied" : "agent.audio.notifications")}
    </label>
  );
}

/** How loud both sides are, while there is a call; `always` also tries the microphone without one. */
export function Meters({ always = false }: { always?: boolean }) {
  const { t } = useTranslation();
  const { audio, phoneState } = useAgentDesk();
  const call = foremost(phoneState);
  const callId = call?.answeredAt ? call.id : null;
  const [levels, setLevels] = useState({ own: 0, other: 0 });
  useEffect(() => {
    let tried: MediaStreamTrack | null = null;
    if (always && !callId) void audio.track().then((track) => (tried = track), () => undefined);
    if (!always && !callId) return;
    const timer = setInterval(
      () => setLevels({ own: audio.level("microphone"), other: callId ? audio.level(callId) : 0 }),
      LEVEL_MS,
    );
    return () => {
      clearInterval(timer);
      tried?.stop();
      if (always && !callId) audio.release();
    };
  }, [audio, always, callId]);
  if (!always && !callId) return null;
  return (
    <div className="agent-meters">
      <Meter label={t("agent.audio.levelIn")} level={phoneState.muted ? 0 : levels.own} name="microphone" />
      <Meter label={t("agent.audio.levelOut")} level={levels.other} name="speaker" />
    </div>
  );
}

function Meter({ label, level, name }: { label: string; level: number; name: string }) {
  return (
    <div className="agent-meter">
      <span>{label}</span>
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(level * 100)}
        data-testid={`level-${name}`}
      >
        <i style={{ transform: `scaleX(${level})` }} />
      </div>
    </div>
  );
}
