import { useSyncExternalStore } from "react";

let open = false;
const listeners = new Set<() => void>();

/** Open the palette: go to a page, find something by id or name. */
export function openPalette(): void {
  setPalette(true);
}

/** Open or close the palette. */
export function setPalette(wanted: boolean): void {
  open = wanted;
  for (const listener of listeners) listener();
}

/** Whether the palette is open. */
export function usePalette(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => open,
  );
}
