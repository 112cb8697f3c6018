import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { connectApi } from "./api.js";
import { ProblemError, UnreachableError } from "./problem.js";
import { Session } from "./session.js";

const me = { subject: "alice", name: "Alice", role: "agent", agent_id: "alice", queues: [], teams: [], expires_at: "" };
const SERVER_NOW = Date.UTC(2030, 0, 1);

let fetched: ReturnType<typeof vi.fn>;
let granted: number;

function grant(seconds = 900): Response {
  granted += 1;
  const body = { access_token: `t${granted}`, refresh_token: `r${granted}`, expires_at: new Date(SERVER_NOW + seconds * 1_000).toISOString(), me };
  return Response.json(body, { status: 201, headers: { date: new Date(SERVER_NOW).toUTCString() } });
}

const refuse = (status: number, code: string) => Response.json({ type: "", title: code, status, code }, { status });

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
  granted = 0;
  fetched = vi.fn(() => Promise.resolve(grant()));
  vi.stubGlobal("fetch", fetched);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a session", () => {
  it("renews its token a minute before it ends, by the server's clock, once for all who ask", async () => {
    const session = new Session("http://ctid", false);
    await session.signIn("alice", "x");
    vi.setSystemTime(1_000 + 839_000);
    expect(await session.accessToken()).toBe("t1");
    vi.setSystemTime(1_000 + 840_000);
    expect(await Promise.all([session.accessToken(), session.accessToken()])).toEqual(["t2", "t2"]);
    expect(fetched).toHaveBeenCalledTimes(2);
    expect(JSON.parse((fetched.mock.calls[1]![1] as { body: string }).body)).toEqual({ refresh_token: "r1" });
  });

  it("tells that it has ended when no token is granted any more", async () => {
    const session = new Session("http://ctid", false);
    await session.signIn("alice", "x");
    const ended = vi.fn();
    session.onEnded(ended);
    fetched.mockResolvedValue(refuse(401, "session-ended"));
    await expect(session.renewed()).rejects.toBeInstanceOf(ProblemError);
    expect(ended).toHaveBeenCalledOnce();
  });

  it("goes on when ctid cannot be reached", async () => {
    const session = new Session("http://ctid", false);
    await session.signIn("alice", "x");
    const ended = vi.fn();
    session.onEnded(ended);
    fetched.mockRejectedValueOnce(new TypeError("network"));
    await expect(session.renewed()).rejects.toBeInstanceOf(UnreachableError);
    expect(ended).not.toHaveBeenCalled();
    expect(await session.renewed()).toBe("t2");
  });

  it("is not taken up where there is none", async () => {
    fetched.mockResolvedValue(refuse(401, "refresh-refused"));
    expect(await new Session("http://ctid").resume()).toBeNull();
  });
});

describe("the API", () => {
  it("sends a request again with the next token if the first was refused, with the same idempotency key", async () => {
    const session = new Session("http://ctid", false);
    await session.signIn("alice", "x");
    const seen: (string | null)[][] = [];
    fetched.mockImplementation((request: Request | string) => {
      if (typeof request === "string") return Promise.resolve(grant());
      seen.push([request.headers.get("authorization"), request.headers.get("idempotency-key")]);
      return Promise.resolve(seen.length === 1 ? refuse(401, "token-expired") : Response.json({ command_id: "c" }, { status: 202 }));
    });
    await connectApi(session).PUT("/v1/agents/{agent_id}/state", {
      params: { path: { agent_id: "alice" } },
      body: { state: "READY" },
    });
    expect(seen.map(([token]) => token)).toEqual(["Bearer t1", "Bearer t2"]);
    expect(seen[0]![1]).toBeTruthy();
    expect(seen[0]![1]).toBe(seen[1]![1]);
  });

  it("throws what was refused with its code, and what did not arrive", async () => {
    const session = new Session("http://ctid", false);
    await session.signIn("alice", "x");
    fetched.mockResolvedValueOnce(refuse(409, "state-conflict"));
    await expect(connectApi(session).GET("/v1/site")).rejects.toMatchObject({ code: "state-conflict", status: 409 });
    fetched.mockRejectedValueOnce(new TypeError("network"));
    await expect(connectApi(session).GET("/v1/site")).rejects.toBeInstanceOf(UnreachableError);
  });
});
