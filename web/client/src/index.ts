/** Client library of ctid: `Session` signs in, `connectApi` commands and asks, `EventStream` tells what happens. */

export type { components, paths } from "./generated/openapi.js";
export { type Api, connectApi } from "./api.js";
export { type Problem, ProblemError, UnreachableError } from "./problem.js";
export { type Me, type Role, Session } from "./session.js";
export { EventStream, type Snapshot, type StreamEvent, type StreamListener, type StreamState, type Subscription } from "./stream.js";
