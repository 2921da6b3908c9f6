import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let now = new Date();
let timer: ReturnType<typeof setInterval> | undefined;

/** Return the time, anew each second; one timer for the page, none while it is hidden. */
export function useNow(): Date {
  return useSyncExternalStore(subscribe, currentNow);
}

/** Return what is said of the time, anew when that changes and not each second. `say` must depend on the time only. */
export function useSaid(say: (now: Date) => string): string {
  return useSyncExternalStore(subscribe, () => say(now));
}

/** Return the time of the last tick, without being told of the next. */
export function currentNow(): Date {
  return now;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (listeners.size === 1) {
    now = new Date();
    timer = setInterval(tick, 1_000);
    document.addEventListener("visibilitychange", tick);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  };
}

function tick(): void {
  if (document.hidden) return;
  now = new Date();
  for (const listener of listeners) listener();
}
