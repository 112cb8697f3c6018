/** The day in intervals: asked for, added up over queues, and filled up so that an interval without contacts is seen. */

import type { components } from "@ctid/client";

export type Interval = components["schemas"]["IntervalView"];

export interface Slot {
  at: number;
  offered: number;
  handled: number;
  abandoned: number;
  /** Left for somewhere else: overflowed, failed, short abandons, to be called back. */
  other: number;
  /** 0 to 1. */
  serviceLevel: number | null;
  meanWaitMs: number | null;
  meanHandlingMs: number | null;
}

/** A mean weighted by counts; `null` if there is nothing. */
function mean(parts: readonly { value: number | null; weight: number }[]): number | null {
  let sum = 0;
  let weight = 0;
  for (const part of parts) {
    if (part.value === null || part.weight <= 0) continue;
    sum += part.value * part.weight;
    weight += part.weight;
  }
  return weight > 0 ? sum / weight : null;
}

/** How many a service level was taken of, which follows from those within it. */
function judged(interval: Interval): number {
  if (interval.service_level === null) return 0;
  if (interval.service_level === 0) return interval.handled + interval.abandoned + interval.overflowed + interval.failed;
  return interval.within_service_level / interval.service_level;
}

function slotOf(at: number, intervals: readonly Interval[]): Slot {
  const sum = (of: (interval: Interval) => number) => intervals.reduce((total, interval) => total + of(interval), 0);
  const served = (of: (interval: Interval) => number | null) => mean(intervals.map((interval) => ({ value: of(interval), weight: interval.handled })));
  return {
    at,
    offered: sum(({ offered }) => offered),
    handled: sum(({ handled }) => handled),
    abandoned: sum(({ abandoned }) => abandoned),
    other: sum(({ overflowed, failed, short_abandoned, callbacks }) => overflowed + failed + short_abandoned + callbacks),
    serviceLevel: mean(intervals.map((interval) => ({ value: interval.service_level, weight: judged(interval) }))),
    meanWaitMs: served(({ mean_wait_ms }) => mean_wait_ms),
    meanHandlingMs: served(({ mean_handling_ms }) => mean_handling_ms),
  };
}

/** One slot for each interval from the first with contacts to the one that `until` is in. */
export function slotsOf(intervals: readonly Interval[], minutes: number, until: number): Slot[] {
  const length = minutes * 60_000;
  const byTime = new Map<number, Interval[]>();
  for (const interval of intervals) {
    const at = Date.parse(interval.at);
    byTime.set(at, [...(byTime.get(at) ?? []), interval]);
  }
  const times = [...byTime.keys()].sort((a, b) => a - b);
  const slots: Slot[] = [];
  for (let at = times[0] ?? until; at < until; at += length) {
    slots.push(slotOf(at, byTime.get(at) ?? []));
    // Where clocks are set, an interval may begin off the beat: go on from it.
    const off = times.find((time) => time > at && time < at + length);
    if (off !== undefined) at = off - length;
  }
  return slots;
}
