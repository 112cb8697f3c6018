/**
 * The places of who waits in a queue, asked while they are looked at.
 *
 * An event tells a contact's place as it was then; that others left before it since then is no event of its own.
 */

import { useEffect, useState } from "react";

import { useDesk } from "../app/desk";

export interface Place {
  position: number | null;
  expectedWaitMs: number | null;
}

const EVERY_MS = 1_500;
const MOST = 500;

export function usePlaces(queue: string | null): ReadonlyMap<string, Place> {
  const { api } = useDesk();
  const [places, setPlaces] = useState<ReadonlyMap<string, Place>>(new Map());
  useEffect(() => {
    if (!queue) return;
    const asking = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async () => {
      try {
        const { data } = await api.GET("/v1/contacts", {
          params: { query: { queue, state: "queued", limit: MOST } },
          signal: asking.signal,
        });
        if (data) setPlaces(new Map(data.items.map((contact) => [contact.id, { position: contact.position, expectedWaitMs: contact.expected_wait_ms }])));
      } catch {
        // What is shown stays; the next try may do better.
      }
      if (!asking.signal.aborted) timer = setTimeout(() => void ask(), EVERY_MS);
    };
    void ask();
    return () => {
      asking.abort();
      clearTimeout(timer);
    };
  }, [api, queue]);
  return places;
}
