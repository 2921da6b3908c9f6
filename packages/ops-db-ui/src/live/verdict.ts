import { useSyncExternalStore } from "react";

/** Whether all is well, in one word. */
export type Verdict = "green" | "watch" | "act" | "unknown";

let level: Verdict | null = null;
const listeners = new Set<() => void>();

/** Remember the newest verdict, for the titles of tabs. */
export function setVerdict(newest: Verdict): void {
  if (newest === level) return;
  level = newest;
  for (const listener of listeners) listener();
}

/** Return the newest verdict; null before there is one, as before signing in. */
export function useVerdict(): Verdict | null {
  return useSyncExternalStore(subscribe, () => level);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
