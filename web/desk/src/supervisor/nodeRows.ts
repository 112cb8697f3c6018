/** A flow's nodes with who is in them now and what became of those who were: one row each. */

import type { FlowReport, WholeFlow } from "./useFlows";

export interface NodeRow {
  node: string;
  title: string | null;
  /** `null` for a node that there is no more. */
  kind: string | null;
  /** In it now. */
  callers: number;
  entered: number;
  droppedOut: number;
  /** Share of those who entered it; `null` if nobody did. */
  dropped: number | null;
  timeouts: number;
  invalid: number;
  failed: number;
  meanMs: number | null;
}

/** In the order of the flow; nodes that were taken out of it since come last. */
export function nodeRows(flow: WholeFlow | undefined, report: FlowReport | undefined): NodeRow[] {
  if (!flow) return [];
  const numbers = new Map(report?.nodes.map((each) => [each.node, each]));
  const known = flow.nodes.map(({ id, title, kind, callers }) => ({ node: id, title, kind, callers }));
  const there = new Set(known.map(({ node }) => node));
  const gone = [...numbers.keys()].filter((node) => !there.has(node)).map((node) => ({ node, title: null, kind: null, callers: 0 }));
  return [...known, ...gone].map((row) => {
    const found = numbers.get(row.node);
    const entered = found?.entered ?? 0;
    return {
      ...row,
      entered,
      droppedOut: found?.dropped_out ?? 0,
      dropped: entered > 0 ? (found?.dropped_out ?? 0) / entered : null,
      timeouts: found?.timeouts ?? 0,
      invalid: found?.invalid ?? 0,
      failed: found?.failed ?? 0,
      meanMs: entered > 0 && found ? found.mean_seconds * 1_000 : null,
    };
  });
}
