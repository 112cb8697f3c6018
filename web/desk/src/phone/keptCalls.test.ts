import { beforeEach, expect, test } from "vitest";

import { type KeptCall, keepCalls, takeCalls } from "./keptCalls";

const CALL: KeptCall = {
  replaces: "id;to-tag=b;from-tag=a",
  number: "+493012345",
  name: "",
  contactId: "ct-1",
  offerId: "of-1",
  answeredAt: 1_000,
  held: false,
  muted: true,
};

const kept = new Map<string, string>();
const storage = {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
  removeItem: (key: string) => void kept.delete(key),
} as unknown as Storage;

beforeEach(() => kept.clear());

test("a page finds the calls of the one before it, once", () => {
  keepCalls([CALL], 10_000, storage);
  expect(takeCalls(12_000, storage)).toEqual([CALL]);
  expect(takeCalls(12_000, storage)).toEqual([]);
});

test("what the PBX has given up is not asked for", () => {
  keepCalls([CALL], 10_000, storage);
  expect(takeCalls(40_000, storage)).toEqual([]);
});

test("a page without calls leaves nothing", () => {
  keepCalls([], 10_000, storage);
  expect(kept.size).toBe(0);
});
