import { describe, expect, it } from "vitest";

import { patchOf } from "./profile";

const BEFORE = { skills: { sales: 5, english: 3 }, queues: { sales: { priority: 0, delay_seconds: 0 } } };

describe("patchOf", () => {
  it("is nothing if nothing was changed", () => expect(patchOf(BEFORE, structuredClone(BEFORE))).toBeNull());

  it("says only what was changed, and null for what was taken away", () => {
    expect(patchOf(BEFORE, { ...BEFORE, skills: { sales: 7, german: 2 } })).toEqual({ skills: { sales: 7, german: 2, english: null } });
    expect(patchOf(BEFORE, { ...BEFORE, queues: { sales: { priority: 4, delay_seconds: 0 } } })).toEqual({
      queues: { sales: { priority: 4, delay_seconds: 0 } },
    });
  });
});
