import { describe, expect, it } from "vitest";

import { duration, percent, startOfDay, timeOfDay } from "./format";

describe("format", () => {
  it.each([
    [0, "0:00"],
    [59_999, "0:59"],
    [60_000, "1:00"],
    [3_725_000, "1:02:05"],
    [-5, "0:00"],
  ])("shows %d ms as %s", (ms, text) => expect(duration(ms)).toBe(text));

  it("shows shares as percents, and a dash where there is none", () => {
    expect(percent(0.826)).toBe("83 %");
    expect(percent(null)).toBe("–");
  });

  it("tells times in the site's zone", () => {
    expect(timeOfDay("2026-07-01T10:00:00Z", "Europe/Berlin")).toBe("12:00:00");
    expect(timeOfDay("2026-01-01T23:30:00Z", "Asia/Shanghai", false)).toBe("07:30");
  });

  it.each([
    ["2026-07-01T10:00:00Z", "Europe/Berlin", "2026-06-30T22:00:00.000Z"],
    ["2026-03-29T12:00:00Z", "Europe/Berlin", "2026-03-28T23:00:00.000Z"],
    ["2026-10-25T12:00:00Z", "Europe/Berlin", "2026-10-24T22:00:00.000Z"],
    ["2026-07-01T17:00:00Z", "Asia/Kathmandu", "2026-06-30T18:15:00.000Z"],
  ])("finds the start of the day of %s in %s", (at, zone, start) =>
    expect(startOfDay(Date.parse(at), zone).toISOString()).toBe(start),
  );
});
