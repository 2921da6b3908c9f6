import { useSyncExternalStore } from "react";

/** Below this width rows are cards. */
export const NARROW = "(max-width: 759px)";
/** From this width all columns are shown. */
export const WIDE = "(min-width: 1280px)";

/** From this width there is room for a page beside a list. */
export const ROOMY = "(min-width: 1920px)";
/** From this width all columns are shown in half of the screen, too. */
export const WIDE_SPLIT = "(min-width: 2400px)";

/** Whether the screen fits a media query. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener("change", listener);
      return () => list.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}
