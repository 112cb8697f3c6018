/** The REST API, typed by its own description: paths, bodies and answers are checked when you compile. */

import createClient, { type Client, type Middleware } from "openapi-fetch";

import type { paths } from "./generated/openapi.js";
import { problemOf } from "./problem.js";
import type { Session } from "./session.js";

export type Api = Client<paths>;

/**
 * Make a client for the API.
 *
 * Every command gets an `Idempotency-Key` of its own unless the caller gives one, so that one whose answer was lost may
 * be sent again. Refusals are thrown as `ProblemError`.
 */
export function connectApi(session: Session): Api {
  const client = createClient<paths>({ baseUrl: session.base || globalThis.location?.origin });
  const middleware: Middleware = {
    async onRequest({ request }) {
      request.headers.set("authorization", `Bearer ${await session.accessToken()}`);
      if (request.method !== "GET" && !request.headers.has("idempotency-key")) {
        request.headers.set("idempotency-key", crypto.randomUUID());
      }
      return request;
    },
    async onResponse({ response }) {
      if (!response.ok) throw await problemOf(response);
      return response;
    },
  };
  client.use(middleware);
  return client;
}
