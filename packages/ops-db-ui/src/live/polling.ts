import { focusManager, onlineManager } from "@tanstack/react-query";

/** How often what is on the screen is asked for, milliseconds. */
export const PERIOD = 5_000;
/** How long an answer may be late before what is shown is called stale, milliseconds. */
export const STALE_AFTER = 25_000;

/** Return how an answer is kept current: asked every few seconds while the page is looked at. */
export function liveOptions(live: boolean): {
  refetchInterval: number | false;
  refetchIntervalInBackground: false;
} {
  return { refetchInterval: live ? PERIOD : false, refetchIntervalInBackground: false };
}

/** Whether the page is looked at and the machine has a network. */
export function isWatching(): boolean {
  return focusManager.isFocused() && onlineManager.isOnline();
}
