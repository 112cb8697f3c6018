import { describe, expect, it } from "vitest";

import { type Interval, slotsOf } from "./statistics";

const NONE = {
  offered: 0, handled: 0, abandoned: 0, short_abandoned: 0, overflowed: 0, failed: 0, callbacks: 0,
  within_service_level: 0, service_level: null, mean_wait_ms: null, mean_handling_ms: null,
};

function interval(at: string, queue: string, more: Partial<Interval>): Interval {
  return { ...NONE, at, queue, ...more };
}

const UNTIL = Date.parse("2026-05-04T10:20:00Z");

describe("slotsOf", () => {
  it("adds queues up, and weighs levels and means by what they were taken of", () => {
    const [slot] = slotsOf(
      [
        interval("2026-05-04T10:15:00Z", "a", { offered: 10, handled: 8, abandoned: 2, within_service_level: 8, service_level: 0.8, mean_wait_ms: 1_000 }),
        interval("2026-05-04T10:15:00Z", "b", { offered: 31, handled: 24, abandoned: 6, short_abandoned: 1, within_service_level: 6, service_level: 0.2, mean_wait_ms: 5_000 }),
      ],
      15,
      UNTIL,
    );
    expect(slot).toMatchObject({ offered: 41, handled: 32, abandoned: 8, other: 1, meanWaitMs: 4_000, meanHandlingMs: null });
    expect(slot?.serviceLevel).toBeCloseTo(14 / 40);
  });

  it("counts a level of nothing as well", () => {
    const [slot] = slotsOf(
      [
        interval("2026-05-04T10:15:00Z", "a", { handled: 10, within_service_level: 10, service_level: 1 }),
        interval("2026-05-04T10:15:00Z", "b", { abandoned: 10, service_level: 0 }),
      ],
      15,
      UNTIL,
    );
    expect(slot?.serviceLevel).toBeCloseTo(0.5);
  });

  it("shows intervals without contacts up to now", () => {
    const slots = slotsOf([interval("2026-05-04T09:30:00Z", "a", { offered: 1 })], 15, UNTIL);
    expect(slots.map(({ at, offered }) => [new Date(at).toISOString().slice(11, 16), offered])).toEqual([
      ["09:30", 1],
      ["09:45", 0],
      ["10:00", 0],
      ["10:15", 0],
    ]);
  });

  it("keeps an interval that begins off the beat", () => {
    const slots = slotsOf(
      [interval("2026-05-04T08:00:00Z", "a", { offered: 1 }), interval("2026-05-04T09:30:00Z", "a", { offered: 2 })],
      60,
      UNTIL,
    );
    expect(slots.map(({ at, offered }) => [new Date(at).toISOString().slice(11, 16), offered])).toEqual([
      ["08:00", 1],
      ["09:00", 0],
      ["09:30", 2],
    ]);
  });

  it("is empty before the first contact", () => expect(slotsOf([], 15, UNTIL)).toEqual([]));
});
