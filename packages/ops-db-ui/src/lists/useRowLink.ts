import { type AnyRouter, type LinkProps, useRouter } from "@tanstack/react-router";
import { useMemo } from "react";
import { usePanePlace } from "~/components/pane";
import type { Search } from "~/lists/address";
import type { RowLink } from "~/lists/columns";
import { ROOMY, useMedia } from "~/lists/media";
import { paneOf, withPane } from "~/lists/state";

/** Return where the rows of a list lead: to their pages, or on a wide screen to those beside the list. */
export function useRowLink<Row>(
  rowLink: RowLink<Row> | undefined,
  opensBeside: boolean,
): RowLink<Row> | undefined {
  const router = useRouter();
  const isRoomy = useMedia(ROOMY);
  const isInPane = usePanePlace() !== null;
  return useMemo(() => {
    if (rowLink === undefined || !opensBeside || !isRoomy || isInPane) return rowLink;
    return (row) => {
      const path = pageOf(router, rowLink(row));
      const search = (before: Search) => withPane(before, path);
      return { to: ".", search: search as never, resetScroll: false };
    };
  }, [router, rowLink, opensBeside, isRoomy, isInPane]);
}

/** Return the path of the page that a link shows, be it beside a list. */
export function pageOf(router: AnyRouter, link: LinkProps): string {
  const { pathname, search } = router.buildLocation(link as Parameters<typeof router.buildLocation>[0]);
  return paneOf(search) ?? pathname;
}
