/** The site at a glance: who waits, the longest wait, the service level of the day, agents by what they do. */

import { useMemo } from "react";

import { useDesk } from "../app/desk";
import { useSelected } from "../live/store";
import { useNow } from "./clock";
import { duration, percent } from "./format";
import { LevelIcon, longestWait, useText } from "./parts";
import type { LiveQueue } from "./pending";
import { type Level, queueLevel } from "./thresholds";

const RANK = { ok: 0, warn: 1, alarm: 2 };

function worst(levels: Level[]): Level {
  return levels.reduce((a, b) => (RANK[b] > RANK[a] ? b : a), "ok");
}

function Figure({ label, value, level = "ok", id }: { label: string; value: string | number; level?: Level; id: string }) {
  return (
    <dl className={`sup-figure ${level}`} style={{ margin: 0 }} data-testid={`figure-${id}`} data-level={level}>
      <dt>{label}</dt>
      <dd>
        <LevelIcon level={level} />
        {value}
      </dd>
    </dl>
  );
}

export function SummaryBar() {
  const { t } = useText();
  const { live } = useDesk();
  const now = useNow();
  const queues = useSelected(live, (state) => state.queues);
  const agents = useSelected(live, (state) => state.agents);

  const all = [...queues.values()] as LiveQueue[];
  const waits = all.map((queue) => longestWait(queue, live.age(queue, now)));
  const sum = (of: (queue: LiveQueue) => number) => all.reduce((total, queue) => total + of(queue), 0);
  const offered = sum((queue) => queue.today?.offered ?? 0);
  const judged = all.filter((queue) => queue.today?.service_level != null);
  // A queue weighs as much as its contacts that were judged, which follow from what was within and the share.
  const within = judged.reduce((total, queue) => total + queue.today!.within_service_level, 0);
  const counted = judged.reduce((total, { today }) => {
    const share = today!.service_level!;
    return total + (share > 0 ? today!.within_service_level / share : today!.handled + today!.abandoned + today!.overflowed);
  }, 0);

  const states = useMemo(() => {
    const counts = new Map<string, number>();
    agents.forEach(({ state }) => counts.set(state, (counts.get(state) ?? 0) + 1));
    return counts;
  }, [agents]);
  const at = (...names: string[]) => names.reduce((total, name) => total + (states.get(name) ?? 0), 0);

  return (
    <div className="sup-summary" data-testid="summary">
      <Figure id="waiting" label={t("summary.waiting")} value={sum((queue) => queue.waiting)} level={worst(all.map((queue) => queueLevel(queue, "waiting", 0)))} />
      <Figure
        id="longest"
        label={t("summary.longest")}
        value={duration(Math.max(0, ...waits))}
        level={worst(all.map((queue, index) => queueLevel(queue, "longest_wait_seconds", waits[index]!)))}
      />
      <Figure id="service-level" label={t("summary.serviceLevel")} value={percent(counted > 0 ? within / counted : null)} />
      <Figure id="abandoned" label={t("summary.abandoned")} value={sum((queue) => queue.today?.abandoned ?? 0)} />
      <Figure id="handled" label={t("summary.handled")} value={`${sum((queue) => queue.today?.handled ?? 0)} / ${offered}`} />
      <span style={{ flex: 1 }} />
      <Figure id="ready" label={t("state.READY")} value={at("READY")} />
      <Figure id="busy" label={t("summary.busy")} value={at("BUSY", "RESERVED")} />
      <Figure id="wrap-up" label={t("state.WRAP_UP")} value={at("WRAP_UP")} />
      <Figure id="not-ready" label={t("state.NOT_READY")} value={at("NOT_READY")} />
      <Figure id="logged-out" label={t("state.LOGGED_OUT")} value={at("LOGGED_OUT")} />
    </div>
  );
}
