/** One tick a second for everything that shows how long something lasts. */

import { useSyncExternalStore } from "react";

const watchers = new Set<() => void>();
let now = second();
let timer: ReturnType<typeof setInterval> | undefined;

/** In whole seconds, so that two who ask in the same rendering see the same. */
function second(): number {
  return Math.floor(Date.now() / 1_000) * 1_000;
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    now = second();
    watchers.forEach((tell) => tell());
  }, 1_000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** This browser's clock, told every second. */
export function useNow(): number {
  return useSyncExternalStore(watch, () => {
    // Nobody ticked while nobody watched.
    if (!timer) now = second();
    return now;
  });
}
