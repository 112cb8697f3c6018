import { describe, expect, it } from "vitest";

import type { Queue } from "../live/store";
import { AlarmBook, CLEAR_AFTER_MS, RAISE_AFTER_MS, abandonedPercent, levelOf, queueLevel } from "./thresholds";

const RISING = { warn: 5, alarm: 10 };
const FALLING = { warn: 80, alarm: 60 };

function queue(waiting: number, more: object = {}): Queue {
  return { id: "sales", waiting, thresholds: { waiting: RISING }, ...more } as unknown as Queue;
}

describe("levels", () => {
  it.each([
    [4, "ok"],
    [5, "warn"],
    [9, "warn"],
    [10, "alarm"],
  ])("%d waiting is %s", (value, level) => expect(levelOf("waiting", value, RISING)).toBe(level));

  it.each([
    [80, "ok"],
    [79.9, "warn"],
    [60, "warn"],
    [59, "alarm"],
  ])("a service level of %d is %s", (value, level) => expect(levelOf("service_level_percent", value, FALLING)).toBe(level));

  it("has none without a threshold or without a number", () => {
    expect(levelOf("waiting", 99, undefined)).toBe("ok");
    expect(levelOf("service_level_percent", null, FALLING)).toBe("ok");
  });

  it("leaves short abandons out of both", () => {
    const today = { offered: 25, short_abandoned: 5, abandoned: 2 };
    expect(abandonedPercent(queue(0, { today }))).toBe(10);
    expect(abandonedPercent(queue(0, { today: { ...today, offered: 5 } }))).toBeNull();
  });

  it("takes the longest wait as it is now", () => {
    const told = queue(1, { thresholds: { longest_wait_seconds: { warn: 30, alarm: 60 } } });
    expect(queueLevel(told, "longest_wait_seconds", 29_999)).toBe("ok");
    expect(queueLevel(told, "longest_wait_seconds", 30_000)).toBe("warn");
  });
});

describe("alarms", () => {
  const at = (book: AlarmBook, waiting: number, now: number) => book.update([{ queue: queue(waiting), longestWaitMs: 0 }], now);

  it("are raised once what is bad has lasted, since it began, and are told once", () => {
    const book = new AlarmBook();
    expect(at(book, 6, 0).raised).toEqual([]);
    expect(at(book, 6, RAISE_AFTER_MS - 1).standing).toEqual([]);
    const { standing, raised } = at(book, 6, RAISE_AFTER_MS);
    expect(standing).toEqual([{ queue: "sales", measure: "waiting", level: "warn", value: 6, threshold: 5, since: 0 }]);
    expect(raised).toEqual(standing);
    expect(at(book, 7, RAISE_AFTER_MS + 1_000).raised).toEqual([]);
  });

  it("ignore a spike", () => {
    const book = new AlarmBook();
    at(book, 6, 0);
    at(book, 1, 1_000);
    at(book, 6, 2_000);
    expect(at(book, 6, RAISE_AFTER_MS).standing).toEqual([]);
  });

  it("are told again when they get worse, not when they get less", () => {
    const book = new AlarmBook();
    at(book, 6, 0);
    at(book, 6, 10_000);
    at(book, 12, 11_000);
    expect(at(book, 12, 11_000 + RAISE_AFTER_MS).raised.map(({ level }) => level)).toEqual(["alarm"]);
    at(book, 6, 20_000);
    const less = at(book, 6, 20_000 + CLEAR_AFTER_MS);
    expect(less.raised).toEqual([]);
    expect(less.standing.map(({ level }) => level)).toEqual(["warn"]);
  });

  it("do not flap around a threshold", () => {
    const book = new AlarmBook();
    let told = 0;
    for (let second = 0; second < 300; second += 1) told += at(book, second % 8 < 4 ? 5 : 4, second * 1_000).raised.length;
    expect(told).toBe(1);
  });

  it("stay while the number is only just on the good side", () => {
    const level = { service_level_percent: FALLING };
    const share = (value: number) => queue(0, { thresholds: level, today: { service_level: value } });
    const book = new AlarmBook();
    const step = (value: number, now: number) => book.update([{ queue: share(value), longestWaitMs: 0 }], now).standing.length;
    step(0.79, 0);
    expect(step(0.79, 5_000)).toBe(1);
    step(0.81, 6_000);
    expect(step(0.81, 600_000)).toBe(1);
    step(0.83, 601_000);
    expect(step(0.83, 601_000 + CLEAR_AFTER_MS)).toBe(0);
  });

  it("end with the queue or its threshold", () => {
    const book = new AlarmBook();
    at(book, 6, 0);
    expect(at(book, 6, 5_000).standing).toHaveLength(1);
    expect(book.update([], 6_000).standing).toEqual([]);
  });

  it("put what is worst first, then what has lasted longest", () => {
    const book = new AlarmBook();
    const both = (now: number) =>
      book.update(
        [
          { queue: queue(6, { id: "a" }), longestWaitMs: 0 },
          { queue: queue(12, { id: "b" }), longestWaitMs: 0 },
        ],
        now,
      );
    both(0);
    expect(both(5_000).standing.map((alarm) => alarm.queue)).toEqual(["b", "a"]);
  });

  it("keep the same list while nothing changes", () => {
    const book = new AlarmBook();
    at(book, 6, 0);
    expect(at(book, 6, 5_000).standing).toBe(at(book, 6, 6_000).standing);
  });
});
