/** A phone on the desk, through ctid: what it does is seen in the events, what it shall do is asked of ctid. */

import { type Ability, type Phone, PhoneError } from "./phone";
import { type Call, NO_PHONE, type PhoneState, PhoneStore } from "./state";

/** What ctid tells of the agent's phone. */
export interface DeviceView {
  reachable: boolean;
  inUse: boolean;
  contacts: readonly {
    id: string;
    number: string;
    name: string;
    offerId: string | null;
    leg: { id: string; state: string } | null;
    connectedAt: number | null;
  }[];
}

export interface DeviceCommands {
  dial(number: string): Promise<void>;
  hangUp(contactId: string): Promise<void>;
}

const LIVE_LEGS: Record<string, Call["state"]> = { alerting: "ringing", connected: "connected", held: "held" };

/** The phone's state as ctid's events have it; pure. */
export function deviceState(view: DeviceView, before: PhoneState, at: number): PhoneState {
  const calls = view.contacts.flatMap((contact): Call[] => {
    const state = contact.leg && LIVE_LEGS[contact.leg.state];
    if (!contact.leg || !state) return [];
    const id = contact.leg.id;
    const known = before.calls.find((call) => call.id === id);
    if (known?.state === state) return [known];
    return [
      {
        id,
        direction: "in",
        number: contact.number,
        name: contact.name,
        state,
        since: at,
        answeredAt: state === "ringing" ? null : (contact.connectedAt ?? at),
        contactId: contact.id,
        offerId: contact.offerId,
        heldByOther: false,
        consultingFor: null,
        returning: false,
      },
    ];
  });
  const ended = before.calls.find((call) => !calls.some(({ id }) => id === call.id));
  return {
    ...NO_PHONE,
    line: view.reachable ? "registered" : "connecting",
    calls,
    lastEnded: ended ? { number: ended.number, cause: "ended", at } : calls.length > 0 ? null : before.lastEnded,
  };
}

export class DevicePhone implements Phone {
  readonly kind = "device";
  readonly abilities: ReadonlySet<Ability> = new Set();
  private readonly store = new PhoneStore();

  constructor(private readonly commands: DeviceCommands) {}

  readonly now = () => this.store.now();
  readonly watch = (watcher: () => void) => this.store.watch(watcher);

  start(): void {
    // It registers at the PBX by itself.
  }

  stop(): void {
    this.store.set(NO_PHONE);
  }

  /** Take in what ctid tells. */
  see(view: DeviceView, at = Date.now()): void {
    this.store.set(deviceState(view, this.now(), at));
  }

  dial(number: string): Promise<void> {
    return this.commands.dial(number);
  }

  hangUp(id: string): Promise<void> {
    const contactId = this.store.call(id)?.contactId;
    return contactId ? this.commands.hangUp(contactId) : Promise.resolve();
  }

  answer = atThePhone;
  hold = atThePhone;
  retrieve = atThePhone;
  refer = atThePhone;
  complete = atThePhone;
  conference = atThePhone;

  mute(): void {
    throw new PhoneError("at-the-phone");
  }

  digits(): void {
    throw new PhoneError("at-the-phone");
  }
}

function atThePhone(): Promise<void> {
  return Promise.reject(new PhoneError("at-the-phone"));
}
