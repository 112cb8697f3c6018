/** What the API answers when it refuses: a problem document (RFC 9457). */

export interface Problem {
  type: string;
  title: string;
  status: number;
  /** Stable name of the kind of problem; texts may change, this does not. */
  code: string;
  detail?: string;
  errors?: { in: string; pointer: string; detail: string }[];
  current?: unknown;
  allowed_actions?: string[];
  retry_at?: string;
}

/** The API refused a request; nothing was changed. */
export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = "ProblemError";
  }

  get code(): string {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }
}

/** The API could not be reached, or what answered was not ctid. Whether a command was carried out is not known. */
export class UnreachableError extends Error {
  constructor(readonly reason: unknown) {
    super("ctid cannot be reached");
    this.name = "UnreachableError";
  }
}

export async function problemOf(response: Response): Promise<ProblemError> {
  try {
    const problem = (await response.json()) as Problem;
    if (typeof problem.code === "string") return new ProblemError(problem);
  } catch {
    // Something between us and ctid answered in its own words.
  }
  return new ProblemError({
    type: "about:blank",
    title: response.statusText || `HTTP ${response.status}`,
    status: response.status,
    code: "http-error",
  });
}
