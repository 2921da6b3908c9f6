import { useSyncExternalStore } from "react";

/** What clocks may differ by and answers may take, milliseconds. */
const TOLERATED = 60_000;

const listeners = new Set<() => void>();
/** What the clock of this browser is wrong by, milliseconds. */
let correction = 0;
let now = new Date();
let timer: ReturnType<typeof setInterval> | undefined;

/** Return the time of the data centre, as far as it is known: the clock of a browser may be wrong by years. */
export function rightNow(): Date {
  return atClock(Date.now());
}

/** Return the time of the data centre when the clock of this browser showed something. */
export function atClock(milliseconds: number): Date {
  return new Date(milliseconds + correction);
}

/** Remember what time it was in the data centre when the clock of this browser showed something. */
export function setClock(right: Date, shown: number): void {
  const difference = right.getTime() - shown;
  // Also where either is no time at all.
  if (!(Math.abs(difference - correction) >= TOLERATED)) return;
  correction = Math.abs(difference) < TOLERATED ? 0 : difference;
  tick();
}

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
    now = rightNow();
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
  now = rightNow();
  for (const listener of listeners) listener();
}
