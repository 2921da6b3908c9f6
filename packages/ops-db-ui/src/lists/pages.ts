import type { Answer, GetPath } from "~/api/get";

/** Addresses of the contract that answer with a page of a list. */
export type ListPath = {
  [P in GetPath]: Answer<P> extends { items: unknown[]; next_cursor: string | null } ? P : never;
}[GetPath];

/** A row of a list. */
export type RowOf<P extends ListPath> = Answer<P> extends { items: (infer Row)[] } ? Row : never;

/** How many rows match, where the API was asked for it. */
export interface RowCount {
  readonly value: number;
  readonly exact: boolean;
}

/** One answer of a list, with the query that it was asked by (without its place in the list). */
export interface ListPage<Row> {
  readonly items: readonly Row[];
  readonly next: string | null;
  readonly query: Query;
  readonly count: RowCount | null;
}

/** What a list is asked for. */
export type Query = Readonly<Record<string, string | number | boolean | readonly string[]>>;
