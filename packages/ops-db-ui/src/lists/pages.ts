import type { Answer, GetPath } from "~/api/get";

/** Addresses of the contract that answer with a page of a list. */
export type ListPath = {
  [P in GetPath]: Answer<P> extends { items: unknown[]; next_cursor: string | null } ? P : never;
}[GetPath];

/** A row of a list. */
export type RowOf<P extends ListPath> = Answer<P> extends { items: (infer Row)[] } ? Row : never;

/** What a list is asked for. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A part of a list, as it was read last. */
export interface ListPage<Row> {
  readonly items: readonly Row[];
  /** Where it begins; null: at the top. */
  readonly cursor: string | null;
  /** Where the next one begins; null: it is the last. */
  readonly next: string | null;
  /** What it was asked by, without its place. */
  readonly query: Query;
  /** Keys of rows that were not there any more when it was read again. */
  readonly gone: ReadonlySet<string>;
}

/** Pages after a refresh, and the keys of rows that are new and not shown yet. */
export interface Refreshed<Row> {
  readonly pages: readonly ListPage<Row>[];
  readonly unseen: ReadonlySet<string>;
}

/**
 * Put what was read again into the pages that are shown, without moving a row.
 *
 * Rows that are shown change where they stand; what is no longer in the list stays, marked as gone; new rows
 * are only counted, unless they follow all others. Rows at the end of a page that new ones pushed out are
 * not gone.
 */
export function refreshed<Row>(
  pages: readonly ListPage<Row>[],
  read: ReadonlyMap<number, ListPage<Row>>,
  rowId: (row: Row) => string,
): Refreshed<Row> {
  const known = new Set(pages.flatMap(({ items }) => items.map(rowId)));
  const fresh = new Map([...read.values()].flatMap(({ items }) => items.map((row) => [rowId(row), row])));
  const unseen = new Set([...fresh.keys()].filter((key) => !known.has(key)));
  const after = pages.map((page, index) => {
    const again = read.get(index);
    const items = page.items.map((row) => fresh.get(rowId(row)) ?? row);
    if (again === undefined) return { ...page, items };
    const pushedOut = again.items.filter((row) => !known.has(rowId(row))).length;
    const end = again.next === null ? items.length : items.length - pushedOut;
    const gone = items.filter((row, at) => at < end && !fresh.has(rowId(row))).map(rowId);
    const following =
      index === pages.length - 1 && again.next === null ? newAtEnd(again.items, known, rowId) : [];
    for (const row of following) unseen.delete(rowId(row));
    return { ...page, items: [...items, ...following], next: again.next, gone: new Set(gone) };
  });
  return { pages: after, unseen };
}

function newAtEnd<Row>(
  rows: readonly Row[],
  known: ReadonlySet<string>,
  rowId: (row: Row) => string,
): readonly Row[] {
  if (known.size === 0) return rows;
  const last = rows.findLastIndex((row) => known.has(rowId(row)));
  return last === -1 ? [] : rows.slice(last + 1);
}

/** Return the indexes of the pages that hold the rows from one index to another, the first page included. */
export function pagesInView(lengths: readonly number[], first: number, last: number): readonly number[] {
  let begin = 0;
  return lengths.flatMap((length, index) => {
    const isInView = begin <= last && begin + length > first;
    begin += length;
    return index === 0 || isInView ? [index] : [];
  });
}
