/** What the event stream told: agents, contacts, offers and queues by id, for components to watch. */

import type { Snapshot, StreamEvent, components } from "@ctid/client";
import { useSyncExternalStore } from "react";

type Schemas = components["schemas"];
export type Agent = Schemas["AgentView"];
export type Contact = Schemas["ContactView"];
export type Offer = Schemas["OfferView"];
export type Queue = Schemas["QueueView"];

export interface LiveState {
  agents: ReadonlyMap<string, Agent>;
  /** Live ones; one that closes leaves with the event that says so. */
  contacts: ReadonlyMap<string, Contact>;
  offers: ReadonlyMap<string, Offer>;
  queues: ReadonlyMap<string, Queue>;
  /** Milliseconds by which ctid's clock is ahead of this browser's. */
  clockAhead: number;
}

type Watcher = () => void;
type Hearer = (event: StreamEvent) => void;

export class LiveStore {
  private state: LiveState = {
    agents: new Map(),
    contacts: new Map(),
    offers: new Map(),
    queues: new Map(),
    clockAhead: 0,
  };
  private readonly watchers = new Set<Watcher>();
  private readonly hearers = new Set<Hearer>();

  replace(snapshot: Snapshot): void {
    const data = snapshot.data as { agents: Agent[]; contacts: Contact[]; offers: Offer[]; queues: Queue[] };
    this.set({
      ...this.state,
      agents: byId(data.agents),
      contacts: byId(data.contacts),
      offers: byId(data.offers),
      queues: byId(data.queues),
    });
  }

  apply(event: StreamEvent): void {
    const data = event.data as { agent?: Agent; contact?: Contact; offer?: Offer };
    const next = { ...this.state, clockAhead: Date.parse(event.time) - Date.now() };
    if (data.agent) next.agents = new Map(next.agents).set(data.agent.id, data.agent);
    if (data.contact) {
      const contacts = new Map(next.contacts);
      if (data.contact.state === "closed") contacts.delete(data.contact.id);
      else contacts.set(data.contact.id, data.contact);
      next.contacts = contacts;
    }
    if (data.offer) {
      const offers = new Map(next.offers);
      if (data.offer.state === "pending" || data.offer.state === "accepted") offers.set(data.offer.id, data.offer);
      else offers.delete(data.offer.id);
      next.offers = offers;
    }
    if (event.type === "queue.stats") {
      const queue = event.data as unknown as Queue;
      next.queues = new Map(next.queues).set(queue.id, queue);
    }
    this.set(next);
    this.hearers.forEach((hear) => hear(event));
  }

  /** Hear every event as it comes, after the state has taken it in. */
  hear(hearer: Hearer): () => void {
    this.hearers.add(hearer);
    return () => this.hearers.delete(hearer);
  }

  readonly watch = (watcher: Watcher): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  readonly now = (): LiveState => this.state;

  private set(state: LiveState): void {
    this.state = state;
    this.watchers.forEach((watch) => watch());
  }
}

function byId<T extends { id: string }>(items: T[]): Map<string, T> {
  return new Map(items.map((item) => [item.id, item]));
}

export function useLive(store: LiveStore): LiveState {
  return useSyncExternalStore(store.watch, store.now);
}
