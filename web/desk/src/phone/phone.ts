/** What a phone is to the page, whether the browser is it or it stands on the desk. */

import type { PhoneState } from "./state";

/** What a kind of phone lets the page do; `lines` are several calls of its own. */
export type Ability = "answer" | "hold" | "mute" | "digits" | "refer" | "lines" | "conference";

export interface DialOptions {
  /** The call this one is made for: it is held meanwhile, and may be transferred to whom this one reaches. */
  consultingFor?: string;
}

export interface Phone {
  readonly kind: "web" | "device";
  readonly abilities: ReadonlySet<Ability>;
  readonly now: () => PhoneState;
  readonly watch: (watcher: () => void) => () => void;
  start(): void;
  stop(): void;
  dial(number: string, options?: DialOptions): Promise<void>;
  answer(id: string): Promise<void>;
  /** Hangs up, or rejects what rings. */
  hangUp(id: string): Promise<void>;
  hold(id: string): Promise<void>;
  /** Talks to the one on hold again; any other goes on hold. */
  retrieve(id: string): Promise<void>;
  /** Talks to this one of two instead of to the other, who goes on hold. */
  swap(id: string): Promise<void>;
  mute(on: boolean): Promise<void>;
  digits(id: string, tones: string): Promise<void>;
  /** Blind transfer by the phone itself, for calls that are none of ctid's. */
  refer(id: string, number: string): Promise<void>;
  /** Connects the one who is consulted with the one on hold, and leaves. */
  complete(consultation: string): Promise<void>;
  /** All lines hear each other, or only the last one is talked to again. */
  conference(on: boolean): Promise<void>;
}

/** A phone could not do what it was told; `reason` is a key of the texts. */
export class PhoneError extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = "PhoneError";
  }
}
