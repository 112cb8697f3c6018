import { describe, expect, it } from "vitest";

import { MOST_ON_A_PAGE, chosen, columnsFor, pagesOf } from "./wallPages";

const QUEUES = ["a", "b", "c"].map((id) => ({ id }));

describe("the wall", () => {
  it("shows all queues, or those that are named, in the order named", () => {
    expect(chosen(QUEUES, null)).toEqual(QUEUES);
    expect(chosen(QUEUES, "c, a,unknown").map(({ id }) => id)).toEqual(["c", "a"]);
  });

  it("fills its pages evenly", () => {
    const of = (count: number) => pagesOf(Array.from({ length: count }, (_, index) => index)).map((page) => page.length);
    expect(of(0)).toEqual([]);
    expect(of(MOST_ON_A_PAGE)).toEqual([9]);
    expect(of(10)).toEqual([5, 5]);
    expect(of(20)).toEqual([7, 7, 6]);
  });

  it("loses no queue between pages", () => {
    for (let count = 1; count < 60; count += 1) expect(pagesOf(Array.from({ length: count }, (_, index) => index)).flat()).toHaveLength(count);
  });

  it("makes no more columns than are needed", () => expect([1, 2, 4, 5, 9].map(columnsFor)).toEqual([1, 2, 2, 3, 3]));
});
