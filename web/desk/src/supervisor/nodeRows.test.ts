import { expect, test } from "vitest";

import { nodeRows } from "./nodeRows";
import type { FlowReport, WholeFlow } from "./useFlows";

const FLOW = {
  nodes: [
    { id: "hello", title: null, kind: "say", callers: 1 },
    { id: "topic", title: "Topic", kind: "menu", callers: 0 },
  ],
} as unknown as WholeFlow;
const REPORT = {
  nodes: [
    { node: "was", title: null, entered: 2, dropped_out: 0, timeouts: 0, invalid: 0, failed: 1, mean_seconds: 0 },
    { node: "topic", title: "Topic", entered: 8, dropped_out: 2, timeouts: 3, invalid: 1, failed: 0, mean_seconds: 4.5 },
  ],
} as unknown as FlowReport;

test("each node has its row, also one that nobody came to or that is gone", () => {
  expect(nodeRows(FLOW, REPORT)).toEqual([
    { node: "hello", title: null, kind: "say", callers: 1, entered: 0, droppedOut: 0, dropped: null, timeouts: 0, invalid: 0, failed: 0, meanMs: null },
    { node: "topic", title: "Topic", kind: "menu", callers: 0, entered: 8, droppedOut: 2, dropped: 0.25, timeouts: 3, invalid: 1, failed: 0, meanMs: 4_500 },
    { node: "was", title: null, kind: null, callers: 0, entered: 2, droppedOut: 0, dropped: 0, timeouts: 0, invalid: 0, failed: 1, meanMs: 0 },
  ]);
});

test("without a report there are the nodes", () => {
  expect(nodeRows(FLOW, undefined).map(({ node }) => node)).toEqual(["hello", "topic"]);
  expect(nodeRows(undefined, REPORT)).toEqual([]);
});
