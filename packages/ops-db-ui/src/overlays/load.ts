import { useEffect, useSyncExternalStore } from "react";

/** What stands over pages: menus, dialogs, results and the palette. The first look at a page needs none of it. */
export type Overlays = typeof import("~/overlays/parts");

interface Loaded {
  readonly parts: Overlays | null;
  /** They could not be loaded. */
  readonly isMissing: boolean;
}

/** Milliseconds after the first page, which comes first. */
const AFTERWARDS = 2_000;

let state: Loaded = { parts: null, isMissing: false };
let isLoading = false;
const listeners = new Set<() => void>();

/** Load what stands over pages, once; where that failed, try it again. */
export function loadOverlays(): void {
  if (isLoading || state.parts !== null) return;
  isLoading = true;
  import("~/overlays/parts").then(
    (parts) => set({ parts, isMissing: false }),
    () => set({ parts: null, isMissing: true }),
  );
}

/** Return what stands over pages, as soon as it is loaded; that begins here if it is wanted now. */
export function useOverlays(isWanted: boolean): Loaded {
  useEffect(() => {
    if (isWanted) loadOverlays();
  }, [isWanted]);
  return useSyncExternalStore(subscribe, () => state);
}

/** Load what stands over pages after the page itself, so that it is there before somebody wants it. */
export function useOverlaysAfterwards(): void {
  useEffect(() => {
    const timer = setTimeout(loadOverlays, AFTERWARDS);
    return () => clearTimeout(timer);
  }, []);
}

function set(now: Loaded): void {
  isLoading = false;
  state = now;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
