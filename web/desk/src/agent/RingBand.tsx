/** What comes in, so big that it is seen from a metre away: who, from where, how long yet, answer or not. */

import { PhoneOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";

import { readable } from "../phone/numbers";
import { Deflect } from "./Deflect";
import { RejectButton } from "./RejectButton";
import { useAgentDesk } from "./context";
import { caller } from "./pop";
import { useNow } from "./time";
import { useActions } from "./useActions";
import { keyOf } from "./useShortcuts";

export function RingBand() {
  const { incoming } = useActions();
  const { t } = useTranslation();
  return (
    <section aria-live="assertive" aria-label={t("agent.ringing.title")} className="agent-ringing-place">
      {incoming && <Ringing />}
    </section>
  );
}

function Ringing() {
  const { t } = useTranslation();
  const { live, country, phone } = useAgentDesk();
  const { incoming, answer } = useActions();
  const now = useNow(250) + live.clockAhead;
  if (!incoming) return null;
  const { offer, pop } = incoming;
  const number = (value: string) => readable(value, country);
  const who = caller(pop, t("agent.ringing.withheld"), number) || number(incoming.number) || t("agent.ringing.withheld");
  const queue = (offer && (live.queues.get(offer.queue)?.name ?? offer.queue)) ?? "";
  const span = offer ? Date.parse(offer.expires_at) - Date.parse(offer.created_at) : 0;
  const left = offer ? Math.max(0, Date.parse(offer.expires_at) - now) : 0;
  const channel = t(`agent.channel.${pop?.channel ?? "voice"}`);
  const canAnswer = incoming.needsAccept || (phone.kind === "device" ? incoming.answerable : incoming.callId !== null);
  return (
    <div className="agent-ringing" data-testid="ringing" data-offer={offer?.id} data-contact={offer?.contact_id} data-call={incoming.callId}>
      {offer && span > 0 && <Expiry part={left / span} seconds={Math.ceil(left / 1_000)} />}
      <div className="agent-ringing-who">
        <strong data-testid="ringing-who">{who}</strong>
        <span>
          {[
            pop?.channel && pop.channel !== "voice" ? t("agent.ringing.offer", { channel }) : t("agent.ringing.title"),
            pop?.customer && pop.ani ? number(pop.ani) : "",
            queue,
            pop?.customer?.tier ?? "",
          ]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </div>
      {offer?.allowed_actions.includes("deflect_offer") && <Deflect key={offer.id} offer={offer} pop={pop} />}
      {canAnswer ? (
        <Button
          className="agent-answer"
          size="large"
          icon={<PhoneOutlined />}
          onClick={() => void answer()}
          aria-keyshortcuts={keyOf("answer")}
          data-testid="answer"
        >
          {t(incoming.needsAccept ? "agent.ringing.accept" : "agent.ringing.answer")} <kbd>{keyOf("answer")}</kbd>
        </Button>
      ) : (
        <span className="agent-ringing-hint">{t(phone.kind === "web" ? "agent.ringing.connecting" : "agent.ringing.atPhone")}</span>
      )}
      <RejectButton />
    </div>
  );
}

const RADIUS = 22;
const ROUND = 2 * Math.PI * RADIUS;

function Expiry({ part, seconds }: { part: number; seconds: number }) {
  return (
    <svg className="agent-expiry" viewBox="0 0 52 52" width="52" height="52" aria-hidden data-testid="offer-expiry">
      <circle cx="26" cy="26" r={RADIUS} className="rest" />
      <circle
        cx="26"
        cy="26"
        r={RADIUS}
        className="left"
        strokeDasharray={ROUND}
        strokeDashoffset={ROUND * (1 - part)}
        transform="rotate(-90 26 26)"
      />
      <text x="26" y="33" textAnchor="middle">
        {seconds}
      </text>
    </svg>
  );
}
