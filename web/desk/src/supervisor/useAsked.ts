/** An answer of the API that is asked for again and again while it is looked at. */

import { ProblemError, UnreachableError } from "@ctid/client";
import { useEffect, useState } from "react";

export interface Asked<T> {
  /** The last answer; what is known stays while none can be had. */
  found: T | undefined;
  failed: boolean;
}

/** Ask every so many milliseconds; a new `ask` forgets what the former one found. */
export function useAsked<T>(ask: (signal: AbortSignal) => Promise<T | undefined>, everyMs: number): Asked<T> {
  const [found, setFound] = useState<T>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const asking = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = async () => {
      try {
        const answer = await ask(asking.signal);
        if (asking.signal.aborted) return;
        if (answer !== undefined) setFound(answer);
        setFailed(false);
      } catch (error) {
        if (asking.signal.aborted) return;
        if (!(error instanceof ProblemError || error instanceof UnreachableError)) throw error;
        setFailed(true);
      }
      timer = setTimeout(() => void again(), everyMs);
    };
    setFound(undefined);
    setFailed(false);
    void again();
    return () => {
      asking.abort();
      clearTimeout(timer);
    };
  }, [ask, everyMs]);
  return { found, failed };
}
