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
  expires_at: string;
  refresh_token: string | null;
  me: Me;
}

/** What was granted, and what time it was on the server's clock. */
interface Granted {
  answer: SessionAnswer;
  at: number;
}

/** How long before its end an access token is renewed; half its lifetime if that is less. */
const RENEW_BEFORE_MS = 60_000;
/** Pages of one browser share the refresh cookie; a token that is used twice ends the session, so they take turns. */
const TURNS = "ctid.refresh";

/** A signed-in user. In a browser the refresh token stays in a cookie that no script can read. */
export class Session {
  private token = "";
  private renewAt = 0;
  private refreshToken: string | null = null;
  private renewing: Promise<string> | null = null;
  private current: Me | null = null;
  private readonly endings = new Set<() => void>();

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

  /**
   * Take up the session that the cookie holds, after a reload of the page; `null` if there is none.
   *
   * @throws UnreachableError Whether there is one can't be told now.
   */
  async resume(): Promise<Me | null> {
    try {
      await this.renewed();
      return this.me;
    } catch (error) {
      if (error instanceof ProblemError && error.status < 500) return null;
      throw error;
    }
  }

  /** Be told when the session is over without having been signed out here: it expired or somebody ended it. */
  onEnded(hear: () => void): () => void {
    this.endings.add(hear);
    return () => this.endings.delete(hear);
  }

  /** Use a token that was issued otherwise (`ctid token`); it is not renewed. */
  async useToken(token: string): Promise<Me> {
    this.token = token;
    this.renewAt = Infinity;
    const response = await this.send("/v1/me", { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw await problemOf(response);
    return (this.current = (await response.json()) as Me);
  }

  /** Sign out; from here on nothing is sent in this user's name, even if ctid cannot be told. */
  async signOut(): Promise<void> {
    const token = this.token;
    this.forget();
    await this.send("/v1/sessions/current", { method: "DELETE", headers: { authorization: `Bearer ${token}` } });
  }

  /** A token that holds for a while yet. */
  async accessToken(): Promise<string> {
    return Date.now() < this.renewAt ? this.token : this.renewed();
  }

  /**
   * The next access token, whether or not the present one would hold.
   *
   * @throws ProblemError The session is over (4xx).
   */
  renewed(): Promise<string> {
    this.renewing ??= this.renew().finally(() => (this.renewing = null));
    return this.renewing;
  }

  private async renew(): Promise<string> {
    // A token of `ctid token` is not renewed; that of a session is, until the session ends.
    if (this.renewAt === Infinity) return this.token;
    const send = (): Promise<Granted> => this.post("/v1/sessions/refresh", this.refreshToken ? { refresh_token: this.refreshToken } : null);
    const inTurn = this.cookie && Boolean(globalThis.navigator?.locks);
    try {
      this.take(inTurn ? ((await navigator.locks.request(TURNS, send)) as Granted) : await send());
    } catch (error) {
      if (error instanceof ProblemError && error.status < 500 && this.current) {
        this.forget();
        this.endings.forEach((hear) => hear());
      }
      throw error;
    }
    return this.token;
  }

  private forget(): void {
    this.token = "";
    this.renewAt = 0;
    this.refreshToken = null;
    this.current = null;
  }

  private take({ answer, at }: Granted): Me {
    this.token = answer.access_token;
    this.refreshToken = answer.refresh_token;
    // Counted from the server's own clock: this machine's may be wrong by hours.
    const lifetime = Date.parse(answer.expires_at) - at;
    this.renewAt = Date.now() + lifetime - Math.min(RENEW_BEFORE_MS, lifetime / 2);
    return (this.current = answer.me);
  }

  private async post(path: string, body: object | null): Promise<Granted> {
    const response = await this.send(path, {
      method: "POST",
      ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw await problemOf(response);
    const at = Date.parse(response.headers.get("date") ?? "") || Date.now();
    return { answer: (await response.json()) as SessionAnswer, at };
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(this.base + path, { ...init, credentials: "same-origin" });
    } catch (error) {
      throw new UnreachableError(error);
    }
  }
}
