import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { get, keyOf } from "~/api/get";
import type { Problem } from "~/api/problem";
import type { ListPage, ListPath, Query, RowCount, RowOf } from "~/lists/pages";
import { liveOptions } from "~/live/polling";

/** Rows that one call brings. */
export const PAGE_ROWS = 200;
/** Most pages that are kept; who wants more narrows the filters. */
export const MOST_PAGES = 20;

interface Place {
  readonly cursor: string;
  readonly query: Query;
}

/** What is asked: the address of the list, and what its times mean at the moment of asking. */
export interface Asked<P extends ListPath> {
  readonly path: P;
  readonly pathParams: Readonly<Record<string, string>>;
  /** The query as the address has it: what the answers are kept under. */
  readonly named: unknown;
  /** Return the query for the API. */
  readonly query: () => Query;
  readonly enabled: boolean;
}

/** Return the pages of a list that were read so far. */
export function useListPages<P extends ListPath>(asked: Asked<P>) {
  type Page = ListPage<RowOf<P>>;
  return useInfiniteQuery<Page, Problem, InfiniteData<Page>, readonly unknown[], Place | null>({
    queryKey: [...keyOf(asked.path, asked.named), asked.pathParams, "pages"],
    queryFn: ({ pageParam, signal }) =>
      readPage(asked, pageParam?.query ?? asked.query(), pageParam?.cursor ?? null, signal),
    initialPageParam: null,
    getNextPageParam: ({ next, query }, pages) =>
      next === null || pages.length >= MOST_PAGES ? null : { cursor: next, query },
    placeholderData: (before) => before,
    enabled: asked.enabled,
    ...liveOptions(true),
  });
}

async function readPage<P extends ListPath>(
  asked: Asked<P>,
  query: Query,
  cursor: string | null,
  signal: AbortSignal,
): Promise<ListPage<RowOf<P>>> {
  const all = { limit: PAGE_ROWS, ...query, ...(cursor === null ? {} : { cursor }) };
  const init = { params: { query: all, path: asked.pathParams } } as unknown as Parameters<typeof get<P>>[1];
  const answer = (await get(asked.path, init, signal)) as unknown as {
    items: RowOf<P>[];
    next_cursor: string | null;
    count?: RowCount | null;
  };
  return { items: answer.items, next: answer.next_cursor, query, count: answer.count ?? null };
}
