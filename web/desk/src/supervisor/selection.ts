/** Which queue, contact or agent is opened: kept in the address, so that F5 and a sent link show the same. */

import { useCallback } from "react";
import { useSearchParams } from "react-router-dom";

type Opened = "queue" | "contact" | "agent";

export interface Selection {
  queue: string | null;
  contact: string | null;
  agent: string | null;
  /** Open these and nothing else. */
  open: (what: Partial<Record<Opened, string>>) => void;
  close: () => void;
}

export function useSelection(): Selection {
  const [search, setSearch] = useSearchParams();
  const open = useCallback(
    (what: Partial<Record<Opened, string>>) => setSearch(what, { replace: true }),
    [setSearch],
  );
  const close = useCallback(() => setSearch({}, { replace: true }), [setSearch]);
  return { queue: search.get("queue"), contact: search.get("contact"), agent: search.get("agent"), open, close };
}
