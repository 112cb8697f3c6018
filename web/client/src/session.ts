/** Who is signed in, and with which token: signs in and out, and renews the access token before it ends. */

import { ProblemError, UnreachableError, problemOf } from "./problem.js";

export type Role = "agent" | "supervisor" | "admin" | "integration";

export interface Me {
  subject: string;
  name: string;
  role: Role;
  agent_id: string | null;
  queues: string[];
  teams: string[];
  expires_at: string;
}

interface SessionAnswer {
  access_token: string;
  expires_in: number;
  refresh_token: string | null;
  me: Me;
}

/** Seconds before its end at which an access token is renewed. */
const RENEW_BEFORE = 60;

/** A signed-in user. In a browser the refresh token stays in a cookie that no script can read. */
export class Session {
  private token = "";
  private renewAt = 0;
  private refreshToken: string | null = null;
  private renewing: Promise<void> | null = null;
  private current: Me | null = null;

  /**
   * @param base Address of ctid without a slash at the end; empty for the page's own origin.
   * @param cookie Keep the refresh token in a cookie (for pages) instead of in memory (for programs).
   */
  constructor(
    readonly base = "",
    private readonly cookie = true,
  ) {}

  get me(): Me {
    if (!this.current) throw new Error("nobody is signed in");
    return this.current;
  }

  /** @throws ProblemError `sign-in-failed` or `sign-in-locked` (then with `retry_at`). */
  async signIn(username: string, password: string): Promise<Me> {
    return this.take(await this.post("/v1/sessions", { username, password, cookie: this.cookie }));
  }

  /** Take up the session that the cookie holds, after a reload of the page; `null` if there is none. */
  async resume(): Promise<Me | null> {
    try {
      return this.take(await this.post("/v1/sessions/refresh", {}));
    } catch (error) {
      if (error instanceof ProblemError && [400, 401, 403, 422].includes(error.status)) return null;
      throw error;
    }
  }

  /** Use a token that was issued otherwise (`ctid token`); it is not renewed. */
  async useToken(token: string): Promise<Me> {
    this.token = token;
    this.renewAt = Infinity;
    const response = await this.send("/v1/me", { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw await problemOf(response);
    return (this.current = (await response.json()) as Me);
  }

  async signOut(): Promise<void> {
    const token = this.token;
    this.token = "";
    this.current = null;
    this.refreshToken = null;
    await this.send("/v1/sessions/current", { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
  }

  /** A token that holds for a while yet. */
  async accessToken(): Promise<string> {
    if (Date.now() >= this.renewAt) {
      this.renewing ??= this.renew().finally(() => (this.renewing = null));
      await this.renewing;
    }
    return this.token;
  }

  private async renew(): Promise<void> {
    const body = this.refreshToken ? { refresh_token: this.refreshToken } : {};
    this.take(await this.post("/v1/sessions/refresh", body));
  }

  private take(answer: SessionAnswer): Me {
    this.token = answer.access_token;
    this.refreshToken = answer.refresh_token;
    const lead = Math.min(RENEW_BEFORE, answer.expires_in / 2);
    this.renewAt = Date.now() + (answer.expires_in - lead) * 1_000;
    return (this.current = answer.me);
  }

  private async post(path: string, body: object): Promise<SessionAnswer> {
    const response = await this.send(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw await problemOf(response);
    return (await response.json()) as SessionAnswer;
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.base + path, { ...init, credentials: "same-origin" });
    } catch (error) {
      throw new UnreachableError(error);
    }
  }
}
