/** Colleagues, queues and the phone book, or the flows that callers can be sent to, as typed. */

import { useEffect, useState } from "react";

import { useAgentDesk } from "./context";
import { type DirectoryEntry, directory } from "./deskData";

const QUIET_MS = 200;
/** Colleagues' states are not told by events to agents. */
const FRESH_MS = 10_000;

interface Found {
  entries: DirectoryEntry[];
  /** What the entries were found by; while one types, it lags behind. */
  sought: string | null;
  failed: boolean;
}

export function useDirectory(
  search: string,
  limit: number,
  flows = false,
): Found {
  const { desk } = useAgentDesk();
  const [found, setFound] = useState<Found>({ entries: [], sought: null, failed: false });
  useEffect(() => {
    let gone = false;
    const wanted = search.trim();
    const query = { ...(wanted && { search: wanted }), ...(flows && { kind: "flow" as const }), limit };
    const ask = () =>
      void directory(desk.api, query).then(
        (entries) => gone || setFound({ entries, sought: wanted, failed: false }),
        () => gone || setFound((before) => ({ ...before, failed: true })),
      );
    const first = setTimeout(ask, QUIET_MS);
    const again = setInterval(() => document.visibilityState === "visible" && ask(), FRESH_MS);
    return () => {
      gone = true;
      clearTimeout(first);
      clearInterval(again);
    };
  }, [desk.api, search, limit, flows]);
  return found;
}
