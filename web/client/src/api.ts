/** The REST API, typed by its own description: paths, bodies and answers are checked when you compile. */

import createClient, { type Client, type Middleware } from "openapi-fetch";

import type { paths } from "./generated/openapi.js";
import { UnreachableError, problemOf } from "./problem.js";
import type { Session } from "./session.js";

export type Api = Client<paths>;

/**
 * Make a client for the API.
 *
 * Every command gets an `Idempotency-Key` of its own unless the caller gives one, so that one whose answer was lost may
 * be sent again. An access token that no longer counts is renewed and the request sent once more. Refusals are thrown as
 * `ProblemError`, and what did not arrive as `UnreachableError`.
 */
export function connectApi(session: Session): Api {
  const tokens: Middleware = {
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
  const client = createClient<paths>({
    baseUrl: session.base || globalThis.location?.origin,
    fetch: (request: Request) => send(request, session),
  });
  client.use(tokens);
  return client;
}

async function send(request: Request, session: Session): Promise<Response> {
  const again = request.clone();
  try {
    const response = await fetch(request);
    if (response.status !== 401) return response;
    const token = await session.renewed();
    if (again.headers.get("authorization") === `Bearer ${token}`) return response;
    again.headers.set("authorization", `Bearer ${token}`);
    return await fetch(again);
  } catch (error) {
    if (error instanceof TypeError) throw new UnreachableError(error);
    throw error;
  }
}
