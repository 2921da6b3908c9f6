import { useSyncExternalStore } from "react";
import { type Verb, verbsOnPage } from "~/shell/targets";

/** What the palette was opened for: everything, or only what can be done with what is shown. */
export interface OpenPalette {
  readonly only: "everything" | "actions";
  /** What can be done with the row that had the focus, or with the page. */
  readonly verbs: readonly Verb[];
  /** What was typed before it was there. */
  readonly typed: string;
}

let open: OpenPalette | null = null;
const listeners = new Set<() => void>();

/** Open the palette: go to a page, find something by id or name, act on what is shown. */
export function openPalette(only: OpenPalette["only"] = "everything"): void {
  set({ only, verbs: verbsOnPage(), typed: "" });
}

/** Keep what is typed while the palette is loaded. */
export function typeAhead(typed: string): void {
  if (open !== null) set({ ...open, typed });
}

/** Close the palette. */
export function closePalette(): void {
  set(null);
}

/** The palette as it was opened; null while it is closed. */
export function usePalette(): OpenPalette | null {
  return useSyncExternalStore(subscribe, () => open);
}

/** Whether the palette is open, or about to be: its code may still be loading. */
export function isPaletteOpen(): boolean {
  return open !== null;
}

function set(wanted: OpenPalette | null): void {
  open = wanted;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
