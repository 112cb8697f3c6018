/**
 * What the event stream told: agents, contacts, offers and queues by id, for components to watch.
 *
 * Thousands of contacts may change many times a second. Events are taken in as they come, but what watchers see changes
 * at most once per frame, so that a burst costs one rendering; within it, a value that did not change stays the same
 * object, so that a component which selects one row renders alone.
 */

import type { Snapshot, StreamEvent, components } from "@ctid/client";
import { useRef, useSyncExternalStore } from "react";

import { onNextFrame } from "./frame";

type Schemas = components["schemas"];
export type Agent = Schemas["AgentView"];
export type Contact = Schemas["ContactView"];
export type Offer = Schemas["OfferView"];
export type Queue = Schemas["QueueView"];
export type Supervision = Schemas["SupervisionView"];

/** A colleague's caller about whom an agent is asked; `id` is the consultation's. */
export interface Consulted {
  id: string;
  consultation: Schemas["ConsultationView"];
  pop: Schemas["ScreenPopView"];
}

/** A caller whom an agent has left to whoever picks them up. */
export interface Parked {
  id: string;
  contact: Contact;
  pop: Schemas["ScreenPopView"];
}

export interface LiveState {
  agents: ReadonlyMap<string, Agent>;
  /** Live ones; one that closes leaves with the event that says so. */
  contacts: ReadonlyMap<string, Contact>;
  offers: ReadonlyMap<string, Offer>;
  queues: ReadonlyMap<string, Queue>;
  consultations: ReadonlyMap<string, Consulted>;
  /** By the contact's id; those that were parked by the agent, for them, or for anybody who serves the queue. */
  parked: ReadonlyMap<string, Parked>;
  /** Of agents in the supervisor's scope; of oneself those that one is told of. */
  supervisions: ReadonlyMap<string, Supervision>;
  /** PBX to whether ctid has it. */
  pbxes: ReadonlyMap<string, boolean>;
  /** Milliseconds by which ctid's clock is ahead of this browser's. */
  clockAhead: number;
}

type Watcher = () => void;
type Hearer = (event: StreamEvent) => void;
type Tables = Omit<LiveState, "clockAhead">;

/** A clock that jumped back by more than this was set; by less, an event was just long under way. */
const CLOCK_SET_MS = 2_000;

export class LiveStore {
  /** What was taken in, ahead of what watchers were shown. */
  private readonly agents = new Map<string, Agent>();
  private readonly contacts = new Map<string, Contact>();
  private readonly offers = new Map<string, Offer>();
  private readonly queues = new Map<string, Queue>();
  private readonly consultations = new Map<string, Consulted>();
  private readonly parked = new Map<string, Parked>();
  private readonly supervisions = new Map<string, Supervision>();
  private readonly pbxes = new Map<string, boolean>();
  private clockAhead = 0;
  private readonly changed = new Set<keyof Tables>();
  private readonly unheard: StreamEvent[] = [];
  private readonly toldAt = new WeakMap<object, number>();

  private state: LiveState = {
    agents: new Map(),
    contacts: new Map(),
    offers: new Map(),
    queues: new Map(),
    consultations: new Map(),
    parked: new Map(),
    supervisions: new Map(),
    pbxes: new Map(),
    clockAhead: 0,
  };
  private readonly watchers = new Set<Watcher>();
  private readonly hearers = new Set<Hearer>();
  private scheduled = false;

  /** @param schedule Runs what it is given once, before the next frame is drawn. */
  constructor(private readonly schedule: (run: () => void) => void = onNextFrame) {}

  replace(snapshot: Snapshot): void {
    const data = snapshot.data as unknown as {
      agents: Agent[];
      contacts: Contact[];
      offers: Offer[];
      queues: Queue[];
      consultations?: (Schemas["ConsultationView"] & { pop: Schemas["ScreenPopView"] })[];
      parked?: Omit<Parked, "id">[];
      supervisions?: Supervision[];
      pbxes?: Record<string, boolean>;
    };
    const at = Date.parse((snapshot as unknown as { time?: string }).time ?? "") || Date.now();
    this.clockAhead = at - Date.now();
    this.fill("agents", data.agents, at);
    this.fill("contacts", data.contacts, at);
    this.fill("offers", data.offers, at);
    this.fill("queues", data.queues, at);
    const consulted = (data.consultations ?? []).map(({ pop, ...consultation }) => ({ id: consultation.id, consultation, pop }));
    this.fill("consultations", consulted, at);
    this.fill("parked", (data.parked ?? []).map((each) => ({ id: each.contact.id, ...each })), at);
    this.fill("supervisions", data.supervisions ?? [], at);
    this.pbxes.clear();
    Object.entries(data.pbxes ?? {}).forEach(([name, up]) => this.pbxes.set(name, up));
    this.changed.add("pbxes");
    this.publish();
  }

  apply(event: StreamEvent): void {
    const data = event.data as { agent?: Agent; contact?: Contact; offer?: Offer; pbx?: string };
    const at = Date.parse(event.time);
    this.setClock(at - Date.now(), event.seq === undefined);
    if (data.agent) this.keep("agents", data.agent, true, at);
    const parking = event.type === "contact.parked" || event.type === "contact.unparked";
    // It is shown to colleagues whose contact it is not, and who are not told how it goes on.
    if (data.contact && (!parking || this.contacts.has(data.contact.id))) {
      this.keep("contacts", data.contact, data.contact.state !== "closed", at);
    }
    if (parking) {
      const told = event.data as unknown as Omit<Parked, "id">;
      this.keep("parked", { id: told.contact.id, ...told }, event.type === "contact.parked", at);
    }
    if (data.offer) this.keep("offers", data.offer, data.offer.state === "pending" || data.offer.state === "accepted", at);
    if (event.type === "consultation.created" || event.type === "consultation.ended") {
      const told = event.data as unknown as Omit<Consulted, "id">;
      this.keep("consultations", { id: told.consultation.id, ...told }, event.type === "consultation.created", at);
    }
    if (event.type === "consultation.updated") {
      const { consultation } = event.data as unknown as Pick<Consulted, "consultation">;
      const known = this.consultations.get(consultation.id);
      if (known) this.keep("consultations", { ...known, consultation }, true, at);
    }
    if (event.type.startsWith("supervision.")) {
      const { supervision } = event.data as unknown as { supervision: Supervision };
      this.keep("supervisions", supervision, event.type !== "supervision.ended", at);
    }
    if (event.type === "queue.stats") this.keep("queues", event.data as unknown as Queue, true, at);
    if ((event.type === "pbx.up" || event.type === "pbx.down") && data.pbx) {
      this.pbxes.set(data.pbx, event.type === "pbx.up");
      this.changed.add("pbxes");
    }
    this.unheard.push(event);
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => this.publish());
  }

  /** Hear every event, in order, after the state has taken it in. */
  hear(hearer: Hearer): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  readonly watch = (watcher: Watcher): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly now = (): LiveState => this.state;

  /**
   * Milliseconds since ctid told this object, by ctid's clock: what has to be added to a duration in it that goes on.
   *
   * @param now This browser's clock.
   */
  age(told: object, now: number): number {
    const at = this.toldAt.get(told);
    return at === undefined ? 0 : Math.max(0, now + this.state.clockAhead - at);
  }

  private fill<T extends { id: string }>(table: keyof Tables, items: T[], at: number): void {
    this.table<T>(table).clear();
    items.forEach((item) => this.keep(table, item, true, at));
    this.changed.add(table);
  }

  private keep<T extends { id: string }>(table: keyof Tables, item: T, stays: boolean, at: number): void {
    if (stays) this.table<T>(table).set(item.id, item);
    else this.table<T>(table).delete(item.id);
    this.toldAt.set(item, at);
    this.changed.add(table);
  }

  private table<T>(name: keyof Tables): Map<string, T> {
    return this[name] as unknown as Map<string, T>;
  }

  private setClock(ahead: number, current: boolean): void {
    // An event tells the time it was made; the one that was least long under way is nearest to the truth. Those of a
    // replay are old, so only what is no part of the stream may set the clock back.
    if (ahead > this.clockAhead || (current && ahead < this.clockAhead - CLOCK_SET_MS)) this.clockAhead = ahead;
  }

  private publish(): void {
    this.scheduled = false;
    const next: LiveState = { ...this.state, clockAhead: this.clockAhead };
    for (const name of this.changed) Object.assign(next, { [name]: new Map(this.table(name)) });
    this.changed.clear();
    this.state = next;
    this.watchers.forEach((watch) => watch());
    const events = this.unheard.splice(0);
    events.forEach((event) => this.hearers.forEach((hear) => hear(event)));
  }
}

export function useLive(store: LiveStore): LiveState {
  return useSyncExternalStore(store.watch, store.now);
}

/**
 * Watch a part of the state; the component renders only when that part is another value.
 *
 * @param select Gives something of the state itself, such as one agent, or a plain value; not a new object each time.
 */
export function useSelected<T>(store: LiveStore, select: (state: LiveState) => T): T {
  const latest = useRef(select);
  latest.current = select;
  return useSyncExternalStore(store.watch, () => latest.current(store.now()));
}
