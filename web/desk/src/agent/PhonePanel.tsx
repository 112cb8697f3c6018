/** The phone: the lines with what may be done with each, the dial field, the keys, and the sound. */

import { AudioMutedOutlined, AudioOutlined, PhoneOutlined, SoundOutlined } from "@ant-design/icons";
import { Button, Input, Popover } from "antd";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";

import { asTyped } from "../phone/numbers";
import { foremost } from "../phone/state";
import { AudioSettings, Meters } from "./AudioSettings";
import { CallCard } from "./CallCard";
import { ParkedCalls } from "./ParkedCalls";
import { useAgentDesk, useRun } from "./context";
import { clock, useNow } from "./time";
import { useActions } from "./useActions";
import { DIAL_FIELD, keyOf } from "./useShortcuts";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const LETTERS: Record<string, string> = { 2: "ABC", 3: "DEF", 4: "GHI", 5: "JKL", 6: "MNO", 7: "PQRS", 8: "TUV", 9: "WXYZ", 0: "+" };

export function PhonePanel() {
  const { t } = useTranslation();
  const { phone, phoneState, device, agent } = useAgentDesk();
  const web = phone.kind === "web";
  return (
    <aside className="agent-phone" aria-label={t("agent.phone.title")} data-testid="phone" data-kind={phone.kind}>
      <div className="agent-phone-head">
        <h2>{t("agent.phone.title")}</h2>
        {phone.abilities.has("mute") && <MuteButton />}
        {web && (
          <Popover trigger="click" title={t("agent.audio.title")} content={<AudioSettings />} placement="rightTop" destroyOnHidden>
            <Button type="text" icon={<SoundOutlined />} aria-label={t("agent.audio.title")} data-testid="audio-settings" />
          </Popover>
        )}
      </div>
      <div className="agent-lines">
        {phoneState.calls.map((call, index) => (
          <CallCard key={call.id} call={call} line={index + 1} />
        ))}
        {phoneState.calls.length === 0 && <LastEnded />}
        {web && phoneState.calls.length > 0 && <Meters />}
        <ParkedCalls />
      </div>
      {device && <p className="agent-hint">{t("agent.phone.hardware", { device: device.replace(/^.*\//, "") })}</p>}
      {agent.state !== "LOGGED_OUT" && <Dial />}
    </aside>
  );
}

function MuteButton() {
  const { t } = useTranslation();
  const { phone, phoneState } = useAgentDesk();
  const run = useRun();
  if (!phoneState.calls.some(({ answeredAt }) => answeredAt !== null)) return null;
  const { muted } = phoneState;
  return (
    <Button
      danger={muted}
      type={muted ? "primary" : "default"}
      icon={muted ? <AudioMutedOutlined /> : <AudioOutlined />}
      aria-pressed={muted}
      aria-keyshortcuts={keyOf("mute")}
      title={`${t(muted ? "agent.phone.unmute" : "agent.phone.mute")} (${keyOf("mute")})`}
      onClick={() => void run(() => phone.mute(!muted))}
      data-testid="mute"
    >
      {t(muted ? "agent.phone.unmute" : "agent.phone.mute")}
    </Button>
  );
}

function LastEnded() {
  const { t } = useTranslation();
  const { phoneState, agent } = useAgentDesk();
  const now = useNow();
  const { lastEnded } = phoneState;
  if (agent.state === "BUSY" && agent.contact_id && agent.device_in_use) return null;
  return (
    <p className="agent-no-call" data-testid="no-call" data-cause={lastEnded?.cause}>
      {lastEnded && now - lastEnded.at < 20_000
        ? `${t(`agent.phone.ended.${lastEnded.cause}`)} · ${clock(now - lastEnded.at)}`
        : t("agent.phone.noCall")}
    </p>
  );
}

function Dial() {
  const { t } = useTranslation();
  const { phone, phoneState, country } = useAgentDesk();
  const { dial } = useActions();
  const run = useRun();
  const [typed, setTyped] = useState("");
  const talking = foremost(phoneState);
  const digits = phone.abilities.has("digits") && talking?.state === "connected" ? talking : null;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (await dial(typed)) setTyped("");
  };
  const press = (key: string) => {
    if (digits) void run(() => phone.digits(digits.id, key));
    else setTyped((now) => asTyped(now + key, country));
  };
  return (
    <form className="agent-dial" onSubmit={(event) => void submit(event)}>
      <div className="agent-dial-row">
        <Input
          id={DIAL_FIELD}
          size="large"
          value={typed}
          inputMode="tel"
          autoComplete="off"
          placeholder={t("agent.phone.dialPlaceholder")}
          aria-label={t("agent.phone.dialLabel")}
          aria-keyshortcuts={keyOf("dial")}
          allowClear
          onChange={({ target }) => setTyped(asTyped(target.value, country))}
          data-testid="dial-number"
        />
        <Button type="primary" size="large" htmlType="submit" icon={<PhoneOutlined />} disabled={!typed} data-testid="dial">
          {t("agent.phone.dial")}
        </Button>
      </div>
      <div className="agent-pad" role="group" aria-label={t("agent.phone.pad")} data-testid="pad" data-digits={Boolean(digits)}>
        {KEYS.map((key) => (
          <Button key={key} onClick={() => press(key)} data-testid={`key-${key}`}>
            <b>{key}</b>
            <small aria-hidden>{LETTERS[key] ?? ""}</small>
          </Button>
        ))}
      </div>
    </form>
  );
}
