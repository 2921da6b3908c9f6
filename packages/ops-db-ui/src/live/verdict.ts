import { useSyncExternalStore } from "react";

let level: string | null = null;
const listeners = new Set<() => void>();

/** Remember the newest verdict, one word, for the titles of tabs. */
export function setVerdict(newest: string): void {
  if (newest === level) return;
  level = newest;
  for (const listener of listeners) listener();
}

/** Return the newest verdict; null before there is one, as before signing in. */
export function useVerdict(): string | null {
  return useSyncExternalStore(subscribe, () => level);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
