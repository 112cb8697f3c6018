/** Colleagues, queues and the phone book, as typed. */

import { useEffect, useState } from "react";

import { useAgentDesk } from "./context";
import { type DirectoryEntry, directory } from "./deskData";

const QUIET_MS = 200;
/** Colleagues' states are not told by events to agents. */
const FRESH_MS = 10_000;

export function useDirectory(search: string, limit: number): { entries: DirectoryEntry[]; failed: boolean } {
  const { desk } = useAgentDesk();
  const [found, setFound] = useState<{ entries: DirectoryEntry[]; failed: boolean }>({ entries: [], failed: false });
  useEffect(() => {
    let gone = false;
    const ask = () =>
      void directory(desk.api, search.trim(), limit).then(
        (entries) => gone || setFound({ entries, failed: false }),
        () => gone || setFound((before) => ({ ...before, failed: true })),
      );
    const first = setTimeout(ask, QUIET_MS);
    const again = setInterval(() => document.visibilityState === "visible" && ask(), FRESH_MS);
    return () => {
      gone = true;
      clearTimeout(first);
      clearInterval(again);
    };
  }, [desk.api, search, limit]);
  return found;
}
