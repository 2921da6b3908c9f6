import { createContext, useContext } from "react";

/** The pane beside a list, for what is shown in it. */
export interface PanePlace {
  /** What scrolls in place of the window; null until it is there. */
  readonly scroller: HTMLElement | null;
  /** Whether the title takes the focus: somebody opened it here, it did not come with the page. */
  readonly takesFocus: boolean;
}

/** Null outside of the pane. */
export const PaneContext = createContext<PanePlace | null>(null);

/** Return the pane that something is shown in; null on a page of its own. */
export function usePanePlace(): PanePlace | null {
  return useContext(PaneContext);
}
