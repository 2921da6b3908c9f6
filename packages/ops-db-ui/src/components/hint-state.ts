import { useSyncExternalStore } from "react";

/** Names and values that stand in a hint. */
export type HintLines = readonly (readonly [name: string, value: string])[];

/** What is shown now: beside which element, and what; asked anew while it is shown. */
export interface OpenHint {
  readonly element: HTMLElement;
  readonly lines: () => HintLines;
}

const OPEN_AFTER = 300;
const CLOSE_AFTER = 150;

let open: OpenHint | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

/** Show a hint now; the one before it goes. */
export function openHint(hint: OpenHint): void {
  set(hint);
}

/** Show a hint after a while, so that it does not follow a pointer that only passes. */
export function openHintSoon(hint: OpenHint): void {
  clearTimeout(timer);
  timer = setTimeout(() => set(hint), open === null ? OPEN_AFTER : 0);
}

/** Take the hint away. */
export function closeHint(): void {
  set(null);
}

/** Take the hint away after a while, so that the pointer can be moved onto it. */
export function closeHintSoon(): void {
  clearTimeout(timer);
  timer = setTimeout(() => set(null), CLOSE_AFTER);
}

/** Keep the hint that is open: the pointer is on it. */
export function keepHint(): void {
  clearTimeout(timer);
}

/** Whether the hint of an element is open. */
export function isHintOf(element: HTMLElement): boolean {
  return open?.element === element;
}

/** Return the hint that is open. */
export function useOpenHint(): OpenHint | null {
  return useSyncExternalStore(subscribe, () => open);
}

function set(hint: OpenHint | null): void {
  clearTimeout(timer);
  if (open === hint) return;
  open = hint;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
