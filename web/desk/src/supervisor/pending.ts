/** Shapes that the API's description does not have yet; each goes from here once it has. */

import type { Api } from "@ctid/client";

import type { Queue } from "../live/store";

export interface Threshold {
  warn: number;
  alarm: number;
}

export interface QueueDay {
  offered: number;
  handled: number;
  abandoned: number;
  short_abandoned: number;
  overflowed: number;
  within_service_level: number;
  /** 0 to 1. */
  service_level: number | null;
  mean_wait_ms: number | null;
  mean_handling_ms: number | null;
}

export interface QueueToday {
  today: QueueDay;
  service_level_target: { seconds: number; percent: number };
  thresholds: {
    waiting?: Threshold | null;
    longest_wait_seconds?: Threshold | null;
    service_level_percent?: Threshold | null;
    abandoned_percent?: Threshold | null;
  };
}

export type LiveQueue = Queue & Partial<QueueToday>;

export interface Interval extends QueueDay {
  at: string;
  queue: string;
}

export interface Statistics {
  intervals: Interval[];
}

export interface MessageTo {
  agents?: string[];
  teams?: string[];
  queues?: string[];
  all?: boolean;
}

export interface User {
  username: string;
  name: string;
  role: "agent" | "supervisor" | "admin" | "integration";
  agent_id: string | null;
  queues: string[];
  teams: string[];
  disabled: boolean;
  locked_until: string | null;
}

export interface AuditEntry {
  id: string | number;
  at: string;
  subject: string;
  role: string;
  operation: string;
  [more: string]: unknown;
}

type Answer<T> = Promise<{ data?: T }>;
type Options = { params?: { query?: object; path?: object }; body?: unknown };

/** The same client, for paths that its types do not know yet. */
export interface PendingApi {
  GET<T>(path: string, options?: Options): Answer<T>;
  POST<T>(path: string, options?: Options): Answer<T>;
  PATCH<T>(path: string, options?: Options): Answer<T>;
  DELETE<T>(path: string, options?: Options): Answer<T>;
}

export function pending(api: Api): PendingApi {
  return api as unknown as PendingApi;
}
