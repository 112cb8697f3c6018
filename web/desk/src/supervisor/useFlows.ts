/** Flows of the IVR as they are now, and what became of the callers who entered one. */

import type { components } from "@ctid/client";
import { useCallback, useMemo } from "react";

import { useDesk } from "../app/desk";
import { type Drawing, readDrawing } from "./drawing";
import { useAsked } from "./useAsked";

export type Flow = components["schemas"]["FlowView"];
export type WholeFlow = components["schemas"]["WholeFlowView"];
export type FlowReport = components["schemas"]["FlowReportView"];

const EVERY_MS = 10_000;
/** A picture is another one only after a reload of the configuration, which the flow's version tells. */
const HARDLY_EVER_MS = 3_600_000;

export function useFlowList() {
  const { api } = useDesk();
  return useAsked(
    useCallback(async (signal: AbortSignal) => (await api.GET("/v1/flows", { signal })).data?.items, [api]),
    EVERY_MS,
  );
}

export function useFlow(id: string) {
  const { api } = useDesk();
  const ask = useCallback(
    async (signal: AbortSignal) => (await api.GET("/v1/flows/{flow_id}", { params: { path: { flow_id: id } }, signal })).data,
    [api, id],
  );
  return useAsked<WholeFlow>(ask, EVERY_MS);
}

/** Of those who entered it since an instant. */
export function useFlowReport(id: string, since: string) {
  const { api } = useDesk();
  const ask = useCallback(
    async (signal: AbortSignal) =>
      (await api.GET("/v1/flows/{flow_id}/report", { params: { path: { flow_id: id }, query: { since, interval_minutes: 1_440 } }, signal })).data,
    [api, id, since],
  );
  return useAsked<FlowReport>(ask, EVERY_MS);
}

/** The picture of one version of it. */
export function useDrawing(id: string, version: string, language: string): Drawing | null | undefined {
  const { api } = useDesk();
  const ask = useCallback(
    async (signal: AbortSignal) => {
      // The version is not sent: what is drawn is what is there now, and another version is asked for anew.
      if (!version) return undefined;
      return (await api.GET("/v1/flows/{flow_id}/picture.svg", { params: { path: { flow_id: id }, query: { language } }, signal, parseAs: "text" })).data;
    },
    [api, id, version, language],
  );
  const { found } = useAsked(ask, HARDLY_EVER_MS);
  return useMemo(() => (found === undefined ? undefined : readDrawing(found)), [found]);
}
