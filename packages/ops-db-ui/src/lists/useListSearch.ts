import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useState } from "react";
import type { Search } from "~/lists/address";

/** Change what a list is asked for; `replace`: the step before is not worth going back to. */
export type SetSearch = (change: (search: Search) => Search, replace?: boolean) => void;

/** Return what the address says of a list, and how to change that; inside other pages it is not in the address. */
export function useListSearch(inAddress: boolean): readonly [Search, SetSearch] {
  const address: Search = useSearch({ strict: false });
  const [own, setOwn] = useState<Search>({});
  const navigate = useNavigate();
  const set = useCallback<SetSearch>(
    (change, replace = false) => {
      if (!inAddress) return setOwn(change);
      void navigate({ to: ".", search: change as never, replace, resetScroll: false });
    },
    [inAddress, navigate],
  );
  return [inAddress ? address : own, set];
}
