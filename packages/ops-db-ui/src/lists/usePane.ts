import { useSearch } from "@tanstack/react-router";
import type { Search } from "~/lists/address";
import { ROOMY, useMedia } from "~/lists/media";
import { paneOf } from "~/lists/state";

/** Return the path of the page that the address has open beside the list, whether or not there is room for it. */
export function usePaneAddress(): string | null {
  return useSearch({ strict: false, select: (search: Search) => paneOf(search) });
}

/** Whether a list and a page stand beside each other now. */
export function useIsSplit(): boolean {
  const path = usePaneAddress();
  return useMedia(ROOMY) && path !== null;
}
