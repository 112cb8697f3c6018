/** The agent's page: state above, phone, contact and the agent's own day beside each other, on one screen. */

import { Spin } from "antd";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";

import { useDesk } from "../app/desk";
import { useLive } from "../live/store";
import { Audio } from "../phone/audio";
import { Ringer } from "../phone/ringer";
import { Banners } from "./Banners";
import { ContactPane } from "./ContactPane";
import { PhonePanel } from "./PhonePanel";
import { RingBand } from "./RingBand";
import { SidePane } from "./SidePane";
import { StateBar } from "./StateBar";
import { type AgentDesk, AgentDeskProvider } from "./context";
import { directory } from "./deskData";
import { Drafts } from "./drafts";
import { shown, workOf } from "./pop";
import { useSeen, useDeskPhone } from "./useDeskPhone";
import { useRinging } from "./useRinging";
import { useShortcuts } from "./useShortcuts";
import "./agent.css";

export default function AgentPage() {
  const desk = useDesk();
  const agentId = desk.me?.agent_id ?? "";
  const live = useLive(desk.live);
  const agent = live.agents.get(agentId);
  const audio = useMemo(() => new Audio(), []);
  const ringer = useMemo(() => new Ringer(audio), [audio]);
  const { phone, phoneState, device } = useDeskPhone(desk.api, agentId, audio);
  useSeen(phone, agent, live);
  const drafts = useDrafts();
  const consulted = useMemo(
    () => [...live.consultations.values()].find((each) => each.consultation.to_agent === agentId) ?? null,
    [live.consultations, agentId],
  );
  const codes = useCodes();
  const work = useMemo(() => (agent ? workOf(agent, live, consulted) : []), [agent, live, consulted]);
  const [chosen, setChosen] = useChosen(work.map(({ contactId }) => contactId));

  const page = useMemo<AgentDesk | null>(
    () =>
      agent
        ? {
            desk, agent, live, phone, phoneState, audio, ringer, device, drafts, work,
            shown: shown(work, chosen), show: setChosen, ...codes,
          }
        : null,
    [desk, agent, live, phone, phoneState, audio, ringer, device, drafts, work, chosen, setChosen, codes],
  );
  if (!page) {
    return (
      <>
        <Banners />
        {/* Nothing comes before this desktop has taken over, and nothing may lie over the button for that. */}
        {desk.stream.state === "connecting" && <Spin fullscreen delay={300} />}
      </>
    );
  }
  return (
    <AgentDeskProvider value={page}>
      <Page />
    </AgentDeskProvider>
  );
}

function Page() {
  useRinging();
  useShortcuts();
  return (
    <div className="agent-page" data-testid="agent-page">
      <StateBar />
      <Banners />
      <RingBand />
      <div className="agent-columns">
        <PhonePanel />
        <ContactPane />
        <SidePane />
      </div>
    </div>
  );
}

/** Notes are kept for as long as the tab is there, whoever of the page's parts comes and goes. */
function useDrafts(): Drafts {
  const { api, stream } = useDesk();
  const drafts = useMemo(
    () =>
      new Drafts(async (contactId, notes) => {
        await api.PUT("/v1/contacts/{contact_id}/wrap-up", { params: { path: { contact_id: contactId } }, body: { notes } });
      }, sessionStorage),
    [api],
  );
  useSyncExternalStore(drafts.watch, drafts.revision);
  useEffect(() => {
    if (stream.state === "live") void drafts.flush();
  }, [drafts, stream.state]);
  return drafts;
}

type Codes = Pick<AgentDesk, "country" | "reasons" | "dispositions" | "hasIvr">;

function useCodes(): Codes {
  const { api, stream } = useDesk();
  const [codes, setCodes] = useState<Codes>({ country: "US", reasons: [], dispositions: [], hasIvr: false });
  const isLive = stream.state === "live";
  useEffect(() => {
    if (!isLive) return;
    let gone = false;
    const ivr = directory(api, { kind: "flow", limit: 1 });
    const asked = [api.GET("/v1/site"), api.GET("/v1/reason-codes"), api.GET("/v1/wrapup-codes"), ivr] as const;
    void Promise.all(asked).then(
      ([site, reasons, dispositions, flows]) => {
        if (gone) return;
        setCodes({
          country: site.data?.country ?? "US",
          reasons: reasons.data?.items ?? [],
          dispositions: dispositions.data?.items ?? [],
          hasIvr: flows.length > 0,
        });
      },
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [api, isLive]);
  return codes;
}

/** Which of the things at hand is looked at; one that newly comes is looked at by itself. */
function useChosen(ids: string[]): [string | null, (id: string) => void] {
  const [chosen, setChosen] = useState<string | null>(null);
  const known = useRef(new Set<string>());
  const key = ids.join(" ");
  useEffect(() => {
    const now = key ? key.split(" ") : [];
    const fresh = now.find((id) => !known.current.has(id));
    known.current = new Set(now);
    if (fresh) setChosen(fresh);
  }, [key]);
  return [chosen, setChosen];
}
