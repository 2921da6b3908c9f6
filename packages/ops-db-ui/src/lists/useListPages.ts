import { type InfiniteData, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { get, keyOf } from "~/api/get";
import { Problem } from "~/api/problem";
import { type ListPage, type ListPath, pagesInView, type Query, type RowOf, refreshed } from "~/lists/pages";
import { liveOptions, PERIOD } from "~/live/polling";

/** Rows that one call brings. */
export const PAGE_ROWS = 200;
/** Most pages that are kept; who wants more narrows the filters. */
export const MOST_PAGES = 20;

/** How often the rows are counted, milliseconds. */
const COUNT_PERIOD = 6 * PERIOD;

/** How many rows match. */
export interface RowCount {
  readonly value: number;
  readonly exact: boolean;
}

const NONE: ReadonlySet<string> = new Set();

/** Rows that are not shown yet, and the first page with them. */
interface New<Row> {
  readonly unseen: ReadonlySet<string>;
  readonly first: ListPage<Row> | null;
}

const NOTHING_NEW = { unseen: NONE, first: null };

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
  readonly rowId: (row: RowOf<P>) => string;
  readonly enabled: boolean;
  /** Whether nobody reads the rows just now, so that new ones may move them. */
  readonly mayMove: () => boolean;
}

/**
 * Return the pages of a list that were read so far, kept current.
 *
 * Every few seconds the first page and those on the screen are read again. What changed is put in its place;
 * new rows slide in only where that moves nothing under the reader, and are counted otherwise.
 */
export function useListPages<P extends ListPath>(asked: Asked<P>) {
  type Row = RowOf<P>;
  type Pages = InfiniteData<ListPage<Row>, Place | null>;
  const cache = useQueryClient();
  const shown = useRef<readonly [first: number, last: number]>([0, 0]);
  const key = [...keyOf(asked.path, asked.named), asked.pathParams, "pages"];
  const pages = useInfiniteQuery<ListPage<Row>, Problem, Pages, readonly unknown[], Place | null>({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      readPage(asked, pageParam?.query ?? asked.query(), pageParam?.cursor ?? null, signal),
    initialPageParam: null,
    getNextPageParam: ({ next, query }, before) =>
      next === null || before.length >= MOST_PAGES ? null : { cursor: next, query },
    placeholderData: (before) => before,
    enabled: asked.enabled,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnReconnect: false,
  });
  const refreshKey = [...key, "refresh"];
  const refresh = async (signal: AbortSignal): Promise<New<Row>> => {
    const state = cache.getQueryState<Pages>(key);
    const before = state?.data;
    if (before === undefined || state?.fetchStatus === "fetching") {
      return cache.getQueryData<New<Row>>(refreshKey) ?? NOTHING_NEW;
    }
    const lengths = before.pages.map(({ items }) => items.length);
    const found = await Promise.all(
      pagesInView(lengths, ...shown.current).map(async (index) => {
        const page = before.pages[index];
        const query = index === 0 || page === undefined ? asked.query() : page.query;
        const again = readPage(asked, query, page?.cursor ?? null, signal);
        // A place in the list that the API does not know any more: what was read there stays as it is.
        return [index, await (index === 0 ? again : again.catch(nullIfRefused))] as const;
      }),
    );
    const read = new Map(found.filter((entry): entry is [number, ListPage<Row>] => entry[1] !== null));
    // Meanwhile another page may have been read.
    const now = cache.getQueryData<Pages>(key) ?? before;
    const { pages: after, unseen } = refreshed(now.pages, read, asked.rowId);
    const isSame = unseen.size === 0 && after.every(({ gone }) => gone.size === 0);
    const first = read.get(0);
    if (first !== undefined && asked.mayMove() && (now.pages.length === 1 || !isSame)) {
      cache.setQueryData<Pages>(key, { pages: [first], pageParams: [null] });
      return NOTHING_NEW;
    }
    cache.setQueryData<Pages>(key, { ...now, pages: [...after] });
    return { unseen, first: first ?? null };
  };
  const fresh = useQuery<New<Row>, Problem>({
    queryKey: refreshKey,
    queryFn: ({ signal }) => refresh(signal),
    // What was read just now is not read again at once.
    initialData: NOTHING_NEW,
    initialDataUpdatedAt: () => Date.now(),
    enabled: asked.enabled && pages.data !== undefined && !pages.isPlaceholderData,
    ...liveOptions(true),
  });
  const { first, unseen } = fresh.data;
  return {
    pages,
    refreshError: fresh.error,
    refresh: fresh.refetch,
    unseen,
    /** Show the list from its top as it is now. */
    showNew: () => {
      if (first !== null) cache.setQueryData<Pages>(key, { pages: [first], pageParams: [null] });
      void fresh.refetch();
    },
    /** Say which rows are on the screen. */
    onShown: (from: number, to: number) => {
      shown.current = [from, to];
    },
  };
}

function nullIfRefused(error: unknown): null {
  if (error instanceof Problem && error.status >= 400 && error.status < 500 && error.permission === null) {
    return null;
  }
  throw error;
}

/** Return how many rows match, if the API can count them; asked less often than the rows. */
export function useRowCount<P extends ListPath>(asked: Asked<P>, isCounted: boolean): RowCount | null {
  const count = useQuery<RowCount | null, Problem>({
    queryKey: [...keyOf(asked.path, asked.named), asked.pathParams, "count"],
    queryFn: async ({ signal }) => {
      const query = { ...asked.query(), limit: 1, count: true };
      return (await ask(asked, query, signal)).count ?? null;
    },
    enabled: asked.enabled && isCounted,
    refetchInterval: COUNT_PERIOD,
    refetchIntervalInBackground: false,
  });
  return count.data ?? null;
}

interface AnyPage<Row> {
  readonly items: Row[];
  readonly next_cursor: string | null;
  readonly count?: RowCount | null;
}

async function readPage<P extends ListPath>(
  asked: Asked<P>,
  query: Query,
  cursor: string | null,
  signal: AbortSignal,
): Promise<ListPage<RowOf<P>>> {
  const place = cursor === null ? {} : { cursor };
  const answer = await ask(asked, { limit: PAGE_ROWS, ...query, ...place }, signal);
  return { items: answer.items, cursor, next: answer.next_cursor, query, gone: NONE };
}

async function ask<P extends ListPath>(
  { path, pathParams }: Asked<P>,
  query: Query,
  signal: AbortSignal,
): Promise<AnyPage<RowOf<P>>> {
  const init = { params: { query, path: pathParams } } as unknown as Parameters<typeof get<P>>[1];
  return (await get(path, init, signal)) as unknown as AnyPage<RowOf<P>>;
}
