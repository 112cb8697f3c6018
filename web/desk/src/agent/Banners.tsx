/** What is wrong now, said at once and in words: the connection, another desktop, microphone and phone. */

import { Alert, Button } from "antd";
import { useContext, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

import { useDesk } from "../app/desk";
import { WebPhone } from "../phone/webPhone";
import { SupervisedBanner } from "./SupervisedBanner";
import { AgentDeskOrNone } from "./context";

/** A reconnection that takes no longer than this is nobody's worry. */
const QUIET_MS = 700;

export function Banners() {
  const { t } = useTranslation();
  const { stream, takeOver } = useDesk();
  const page = useContext(AgentDeskOrNone);
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (stream.state !== "connecting") return;
    const timer = setTimeout(() => setLate(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [stream.state]);
  const faults = [...(page?.phoneState.faults ?? [])];
  if (page?.phone.kind === "device" && page.agent.state !== "LOGGED_OUT" && !page.agent.device_reachable) {
    faults.push("phone-unreachable");
  }
  if (page?.phoneState.line === "refused") faults.push("phone-refused");

  return (
    <div className="agent-banners" aria-live="assertive" role="status">
      {stream.state === "connecting" && late && (
        <Alert banner type="error" message={t("agent.connection.lost")} data-testid="connection-lost" />
      )}
      {stream.state === "elsewhere" && (
        <Alert
          banner
          type="warning"
          data-testid="elsewhere"
          message={t([`agent.connection.${stream.reason}`, "agent.connection.elsewhere"])}
          action={
            <Button size="small" type="primary" onClick={takeOver} data-testid="take-over">
              {t("agent.connection.takeOver")}
            </Button>
          }
        />
      )}
      {stream.state === "ended" && stream.reason !== "signed out" && (
        <Alert
          banner
          type="error"
          message={t([`agent.connection.${stream.reason}`, "agent.connection.protocol"])}
          action={
            <Button size="small" onClick={() => window.location.reload()}>
              {t("agent.connection.reload")}
            </Button>
          }
        />
      )}
      {page && <SupervisedBanner agentId={page.agent.id} />}
      {faults.map((fault) => (
        <Alert
          key={fault}
          banner
          type="warning"
          message={t(`agent.fault.${fault}`)}
          data-testid={`fault-${fault}`}
          action={
            fault.startsWith("microphone") && page?.phone instanceof WebPhone ? (
              <Button size="small" onClick={() => void (page.phone as WebPhone).check()}>
                {t("agent.fault.again")}
              </Button>
            ) : undefined
          }
        />
      ))}
    </div>
  );
}
