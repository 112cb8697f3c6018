/** The state of a phone and how it changes: pure, the same for every kind of phone. */

export type CallState = "ringing" | "dialling" | "connected" | "held";
export type Line = "off" | "connecting" | "registered" | "refused";
/** What stands against calls; a key of the texts. */
export type Fault =
  | "microphone-denied"
  | "microphone-missing"
  | "microphone-busy"
  | "insecure-page"
  | "sound-blocked"
  | "phone-unreachable"
  | "phone-refused";

export interface Call {
  id: string;
  direction: "in" | "out";
  number: string;
  name: string;
  state: CallState;
  /** When the state began, by this browser's clock. */
  since: number;
  answeredAt: number | null;
  /** Ctid's names for it; null for calls of one's own. */
  contactId: string | null;
  offerId: string | null;
  heldByOther: boolean;
  /** The call on hold for which this one was made. */
  consultingFor: string | null;
  /** Being taken up again after the page was loaded anew. */
  returning: boolean;
}

export interface Ended {
  number: string;
  /** Why; a key of the texts. */
  cause: string;
  at: number;
}

export interface PhoneState {
  line: Line;
  faults: ReadonlySet<Fault>;
  calls: readonly Call[];
  muted: boolean;
  /** Its lines hear each other, or ctid has others in the call. */
  conference: boolean;
  lastEnded: Ended | null;
}

export type PhoneEvent =
  | { type: "line"; line: Line }
  | { type: "fault"; fault: Fault; on: boolean }
  | { type: "began"; call: NewCall; at: number }
  | { type: "answered"; id: string; at: number; answeredAt?: number }
  | { type: "held"; id: string; at: number; byOther: boolean }
  | { type: "retrieved"; id: string; at: number; byOther: boolean }
  | { type: "ended"; id: string; cause: string; at: number }
  | { type: "muted"; on: boolean }
  | { type: "conference"; on: boolean };

export type NewCall = Pick<Call, "id" | "direction" | "number"> &
  Partial<Pick<Call, "name" | "contactId" | "offerId" | "consultingFor" | "returning">>;

export const NO_PHONE: PhoneState = {
  line: "off",
  faults: new Set(),
  calls: [],
  muted: false,
  conference: false,
  lastEnded: null,
};

export function after(state: PhoneState, event: PhoneEvent): PhoneState {
  switch (event.type) {
    case "line":
      return state.line === event.line ? state : { ...state, line: event.line };
    case "fault": {
      if (state.faults.has(event.fault) === event.on) return state;
      const faults = new Set(state.faults);
      if (event.on) faults.add(event.fault);
      else faults.delete(event.fault);
      return { ...state, faults };
    }
    case "began": {
      const call: Call = {
        name: "",
        contactId: null,
        offerId: null,
        consultingFor: null,
        returning: false,
        ...event.call,
        state: event.call.direction === "in" && !event.call.returning ? "ringing" : "dialling",
        since: event.at,
        answeredAt: null,
        heldByOther: false,
      };
      return { ...state, calls: [...state.calls.filter(({ id }) => id !== call.id), call], lastEnded: null };
    }
    case "answered":
      return change(state, event.id, (call) =>
        call.answeredAt === null
          ? { ...call, state: "connected", since: event.at, answeredAt: event.answeredAt ?? event.at, returning: false }
          : call,
      );
    case "held":
      return change(state, event.id, (call) =>
        event.byOther ? { ...call, heldByOther: true } : { ...call, state: "held", since: event.at },
      );
    case "retrieved":
      return change(state, event.id, (call) =>
        event.byOther ? { ...call, heldByOther: false } : { ...call, state: "connected", since: event.at },
      );
    case "ended": {
      const ended = state.calls.find(({ id }) => id === event.id);
      if (!ended) return state;
      const calls = state.calls
        .filter((call) => call !== ended)
        .map((call) => (call.consultingFor === ended.id ? { ...call, consultingFor: null } : call));
      return {
        ...state,
        calls,
        // A mute that is forgotten is an agent whom the next caller does not hear.
        muted: calls.length > 0 && state.muted,
        conference: calls.length > 1 && state.conference,
        lastEnded: { number: ended.number, cause: ended.returning ? "lost" : event.cause, at: event.at },
      };
    }
    case "muted":
      return { ...state, muted: event.on };
    case "conference":
      return { ...state, conference: event.on && state.calls.length > 1 };
  }
}

function change(state: PhoneState, id: string, how: (call: Call) => Call): PhoneState {
  return { ...state, calls: state.calls.map((call) => (call.id === id ? how(call) : call)) };
}

export type CallAction =
  | "answer" | "reject" | "hangUp" | "hold" | "retrieve" | "digits" | "transfer" | "consult" | "complete" | "conference";

/** What may be done with a call now, so that there is a button for that and for nothing else. */
export function actionsOf(call: Call, state: PhoneState): ReadonlySet<CallAction> {
  if (call.state === "ringing") return new Set(["answer", "reject"]);
  if (call.state === "dialling") return new Set(["hangUp"]);
  const actions = new Set<CallAction>(["hangUp"]);
  const others = state.calls.filter((other) => other !== call && other.answeredAt !== null);
  if (!state.conference) actions.add(call.state === "held" ? "retrieve" : "hold");
  if (call.state === "connected") actions.add("digits");
  if (state.calls.length === 1 && !state.conference) {
    actions.add("transfer");
    if (call.state === "connected") actions.add("consult");
  }
  if (others.some(({ id }) => id === call.consultingFor)) actions.add("complete");
  if (others.length > 0 && call.state === "connected") actions.add("conference");
  return actions;
}

/** The call that has the agent's ear, or is about to. */
export function foremost(state: PhoneState): Call | null {
  const rank: CallState[] = ["ringing", "connected", "dialling", "held"];
  return [...state.calls].sort((a, b) => rank.indexOf(a.state) - rank.indexOf(b.state))[0] ?? null;
}

/** Holds a phone's state and tells who watches. */
export class PhoneStore {
  private state: PhoneState = NO_PHONE;
  private readonly watchers = new Set<() => void>();

  readonly now = (): PhoneState => this.state;

  readonly watch = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  tell(event: PhoneEvent): void {
    this.set(after(this.state, event));
  }

  set(state: PhoneState): void {
    if (state === this.state) return;
    this.state = state;
    this.watchers.forEach((watch) => watch());
  }

  call(id: string): Call | undefined {
    return this.state.calls.find((call) => call.id === id);
  }
}
