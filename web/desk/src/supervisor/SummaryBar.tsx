/** The site at a glance: who waits, the longest wait, and how the day went. */

import { useDesk } from "../app/desk";
import { type Queue, useSelected } from "../live/store";
import { useNow } from "./clock";
import { duration, percent } from "./format";
import { LevelIcon, longestWait, useText } from "./parts";
import { type Level, queueLevel } from "./thresholds";

const RANK = { ok: 0, warn: 1, alarm: 2 };

function worst(levels: Level[]): Level {
  return levels.reduce((a, b) => (RANK[b] > RANK[a] ? b : a), "ok");
}

/**
 * The service level of several queues together.
 *
 * A queue weighs as much as its contacts that were judged; how many that are follows from those within and the share.
 */
export function serviceLevelOf(queues: readonly Pick<Queue, "today">[]): number | null {
  let within = 0;
  let judged = 0;
  for (const { today } of queues) {
    if (today.service_level === null) continue;
    within += today.within_service_level;
    judged += today.service_level > 0 ? today.within_service_level / today.service_level : today.handled + today.abandoned + today.overflowed;
  }
  return judged > 0 ? within / judged : null;
}

function Figure({ label, value, level = "ok", id }: { label: string; value: string | number; level?: Level; id: string }) {
  return (
    <div className={`sup-figure ${level}`} data-testid={`figure-${id}`} data-level={level}>
      <dt>{label}</dt>
      <dd>
        <LevelIcon level={level} />
        {value}
      </dd>
    </div>
  );
}

export function SummaryBar() {
  const { t } = useText();
  const { live } = useDesk();
  const now = useNow();
  const queues = [...useSelected(live, (state) => state.queues).values()];
  const waits = queues.map((queue) => longestWait(queue, live.age(queue, now)));
  const sum = (of: (queue: Queue) => number) => queues.reduce((total, queue) => total + of(queue), 0);
  const levels = queues.map((queue, index) => queueLevel(queue, "longest_wait_seconds", waits[index]!));
  return (
    <dl className="sup-summary" data-testid="summary">
      <Figure id="waiting" label={t("summary.waiting")} value={sum(({ waiting }) => waiting)} level={worst(queues.map((queue) => queueLevel(queue, "waiting", 0)))} />
      <Figure id="longest" label={t("summary.longest")} value={duration(Math.max(0, ...waits))} level={worst(levels)} />
      <Figure id="talking" label={t("summary.talking")} value={sum(({ connected }) => connected)} />
      <Figure id="service-level" label={t("summary.serviceLevel")} value={percent(serviceLevelOf(queues))} />
      <Figure id="abandoned" label={t("summary.abandoned")} value={sum(({ today }) => today.abandoned)} />
      <Figure id="handled" label={t("summary.handled")} value={`${sum(({ today }) => today.handled)} / ${sum(({ today }) => today.offered)}`} />
    </dl>
  );
}
