/** When a queue's number is bad: levels by the queue's thresholds, and alarms that do not flap. */

import type { Queue } from "../live/store";

export type Level = "ok" | "warn" | "alarm";
export type Measure = keyof Queue["thresholds"];

interface Threshold {
  warn: number;
  alarm: number;
}

export const MEASURES: readonly Measure[] = [
  "waiting",
  "longest_wait_seconds",
  "service_level_percent",
  "abandoned_percent",
];

const RANK: Record<Level, number> = { ok: 0, warn: 1, alarm: 2 };

/** A number is bad only once it has been for so long, and good again only once it has been for so long. */
export const RAISE_AFTER_MS = 3_000;
export const CLEAR_AFTER_MS = 15_000;

/** A service level is bad when low, everything else when high. */
function falls(measure: Measure): boolean {
  return measure === "service_level_percent";
}

/** How far a number must be on the good side of a threshold to be called good again. */
function margin(measure: Measure, threshold: number): number {
  return measure.endsWith("percent") ? 2 : threshold / 10;
}

/**
 * The level of a number: from `warn` or `alarm` on, or below them where a low number is bad.
 *
 * @param slack Makes the thresholds so much stricter, by `margin`, as they are for a number that is bad already.
 */
export function levelOf(measure: Measure, value: number | null, threshold: Threshold | null | undefined, slack = false): Level {
  if (value === null || !threshold) return "ok";
  const bad = (limit: number) => {
    const by = slack ? margin(measure, limit) : 0;
    return falls(measure) ? value < limit + by : value >= limit - by;
  };
  if (bad(threshold.alarm)) return "alarm";
  return bad(threshold.warn) ? "warn" : "ok";
}

/** The share of contacts that gave up, as a percent; `null` while there is nothing to count. */
export function abandonedPercent(queue: Queue): number | null {
  const counted = queue.today.offered - queue.today.short_abandoned;
  return counted > 0 ? (queue.today.abandoned / counted) * 100 : null;
}

/** @param longestWaitMs The longest wait as it is now, not as it was when ctid told. */
export function reading(queue: Queue, measure: Measure, longestWaitMs: number): number | null {
  switch (measure) {
    case "waiting":
      return queue.waiting;
    case "longest_wait_seconds":
      return Math.floor(longestWaitMs / 1_000);
    case "service_level_percent":
      return queue.today.service_level === null ? null : queue.today.service_level * 100;
    case "abandoned_percent":
      return abandonedPercent(queue);
  }
}

export function queueLevel(queue: Queue, measure: Measure, longestWaitMs: number): Level {
  return levelOf(measure, reading(queue, measure, longestWaitMs), queue.thresholds[measure]);
}

export interface Alarm {
  queue: string;
  measure: Measure;
  level: "warn" | "alarm";
  value: number;
  threshold: number;
  /** When it got so, by the browser's clock. */
  since: number;
}

interface Watched {
  level: Level;
  since: number;
  /** Another level that it is on the way to. */
  toward: { worse: boolean; since: number } | null;
}

/** Alarms of all queues. */
export class AlarmBook {
  private readonly watched = new Map<string, Watched>();
  private alarms: readonly Alarm[] = [];

  /**
   * Take in how things are now.
   *
   * @returns All alarms that stand, and those of them which are new or got worse.
   */
  update(queues: readonly { queue: Queue; longestWaitMs: number }[], now: number): { standing: readonly Alarm[]; raised: Alarm[] } {
    const standing: Alarm[] = [];
    const raised: Alarm[] = [];
    const seen = new Set<string>();
    for (const { queue, longestWaitMs } of queues) {
      for (const measure of MEASURES) {
        const threshold = queue.thresholds[measure];
        if (!threshold) continue;
        const key = `${queue.id} ${measure}`;
        seen.add(key);
        const value = reading(queue, measure, longestWaitMs);
        const before = this.watched.get(key) ?? { level: "ok", since: now, toward: null };
        const after = step(before, levelOf(measure, value, threshold), levelOf(measure, value, threshold, true), now);
        this.watched.set(key, after);
        if (after.level === "ok") continue;
        const alarm: Alarm = {
          queue: queue.id,
          measure,
          level: after.level,
          value: value ?? 0,
          threshold: threshold[after.level],
          since: after.since,
        };
        standing.push(alarm);
        if (RANK[after.level] > RANK[before.level]) raised.push(alarm);
      }
    }
    for (const key of [...this.watched.keys()]) if (!seen.has(key)) this.watched.delete(key);
    standing.sort((a, b) => RANK[b.level] - RANK[a.level] || a.since - b.since);
    if (JSON.stringify(standing) !== JSON.stringify(this.alarms)) this.alarms = standing;
    return { standing: this.alarms, raised };
  }
}

function step(watched: Watched, level: Level, withMargin: Level, now: number): Watched {
  const worse = RANK[level] > RANK[watched.level];
  const better = RANK[withMargin] < RANK[watched.level];
  if (!worse && !better) return watched.toward ? { ...watched, toward: null } : watched;
  const toward = watched.toward?.worse === worse ? watched.toward : { worse, since: now };
  if (now - toward.since < (worse ? RAISE_AFTER_MS : CLEAR_AFTER_MS)) return { ...watched, toward };
  return { level: worse ? level : withMargin, since: toward.since, toward: null };
}
