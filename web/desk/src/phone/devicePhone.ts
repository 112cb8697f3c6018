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
    leg: { id: string; state: string; muted: boolean } | null;
    connectedAt: number | null;
    /** Whom ctid has called for the agent, to be asked about the contact without its caller. */
    consultation: { id: string; number: string; name: string; state: string } | null;
    /** Others are with caller and agent, or being called in. */
    shared: boolean;
  }[];
}

export interface DeviceCommands {
  dial(number: string): Promise<void>;
  hangUp(contactId: string): Promise<void>;
  answer(offerId: string): Promise<void>;
  hold(contactId: string): Promise<void>;
  retrieve(contactId: string): Promise<void>;
  mute(contactId: string, on: boolean): Promise<void>;
  digits(contactId: string, digits: string): Promise<void>;
  alternate(consultationId: string): Promise<void>;
  withdraw(consultationId: string): Promise<void>;
  complete(consultationId: string): Promise<void>;
  confer(consultationId: string): Promise<void>;
}

const LIVE_LEGS: Record<string, Call["state"]> = { alerting: "ringing", connected: "connected", held: "held" };
const CONSULTED: Record<string, Call["state"]> = { initiated: "dialling", alerting: "dialling", held: "held" };

/** The phone's state as ctid's events have it; pure. */
export function deviceState(view: DeviceView, before: PhoneState, at: number): PhoneState {
  const known = (call: Call): Call => {
    const same = before.calls.find(({ id, state }) => id === call.id && state === call.state);
    return same ?? { ...call, answeredAt: before.calls.find(({ id }) => id === call.id)?.answeredAt ?? call.answeredAt };
  };
  const calls = view.contacts.flatMap((contact): Call[] => {
    const state = contact.leg && LIVE_LEGS[contact.leg.state];
    if (!contact.leg || !state) return [];
    const call: Call = {
      id: contact.leg.id,
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
    };
    const { consultation } = contact;
    if (!consultation) return [known(call)];
    const asked = CONSULTED[consultation.state] ?? "connected";
    const consulted: Call = {
      ...call,
      id: consultation.id,
      direction: "out",
      number: consultation.number,
      name: consultation.name,
      state: asked,
      answeredAt: asked === "dialling" ? null : at,
      contactId: null,
      offerId: null,
      consultingFor: call.id,
    };
    return [known(call), known(consulted)];
  });
  const ended = before.calls.find((call) => !calls.some(({ id }) => id === call.id));
  return {
    ...NO_PHONE,
    line: view.reachable ? "registered" : "connecting",
    calls,
    muted: view.contacts.some(({ leg }) => leg?.muted),
    conference: view.contacts.some(({ shared }) => shared),
    lastEnded: ended ? { number: ended.number, cause: "ended", at } : calls.length > 0 ? null : before.lastEnded,
  };
}

export class DevicePhone implements Phone {
  readonly kind = "device";
  readonly abilities: ReadonlySet<Ability> = new Set(["answer", "hold", "mute", "digits", "conference"]);
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

  async answer(id: string): Promise<void> {
    const offerId = this.store.call(id)?.offerId;
    if (offerId) await this.commands.answer(offerId);
  }

  async hangUp(id: string): Promise<void> {
    const call = this.store.call(id);
    if (call?.contactId) await this.commands.hangUp(call.contactId);
    else if (call?.consultingFor) await this.commands.withdraw(id);
  }

  async hold(id: string): Promise<void> {
    const contactId = this.store.call(id)?.contactId;
    if (contactId) await this.commands.hold(contactId);
  }

  async retrieve(id: string): Promise<void> {
    const contactId = this.store.call(id)?.contactId;
    if (contactId) await this.commands.retrieve(contactId);
  }

  async swap(id: string): Promise<void> {
    const call = this.store.call(id);
    const asked = this.asked();
    // With both on hold, to alternate is to go to who is asked.
    if (call?.contactId && asked?.state === "held") await this.commands.retrieve(call.contactId);
    else if (asked) await this.commands.alternate(asked.id);
  }

  async mute(on: boolean): Promise<void> {
    const contactId = this.contact();
    if (contactId) await this.commands.mute(contactId, on);
  }

  async digits(_id: string, tones: string): Promise<void> {
    const contactId = this.contact();
    if (contactId) await this.commands.digits(contactId, tones);
  }

  refer(): Promise<void> {
    return Promise.reject(new PhoneError("at-the-phone"));
  }

  complete(consultation: string): Promise<void> {
    return this.commands.complete(consultation);
  }

  async conference(on: boolean): Promise<void> {
    const asked = this.asked();
    // Who is in a conference leaves it one by one.
    if (asked && on) await this.commands.confer(asked.id);
  }

  private asked(): Call | null {
    return this.now().calls.find(({ consultingFor }) => consultingFor !== null) ?? null;
  }

  private contact(): string | null {
    return this.now().calls.find(({ contactId, answeredAt }) => contactId !== null && answeredAt !== null)?.contactId ?? null;
  }
}
