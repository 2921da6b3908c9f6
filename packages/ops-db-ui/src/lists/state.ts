import type { Filter, Operation } from "~/api/operation";
import { type Search, textsOf } from "~/lists/address";
import { isTime } from "~/lists/times";

/** Names in the address that belong to the table, not to the contract. */
const COLUMNS = "columns";
const SORT = "sort";
/** Of what is open beside the list: the path of its page. */
const PANE = "pane";

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** Values of filters by name; only names with at least one value. */
export type Filters = Readonly<Record<string, readonly string[]>>;

/** Something in the address that the list does not take. */
export interface Wrong {
  readonly name: string;
  readonly value: string;
  readonly reason: string;
}

/** What an address says of a list. */
export interface ListState {
  readonly filters: Filters;
  /** Null: the order of the contract. */
  readonly sort: string | null;
  /** Ids of the chosen columns; null: those that fit. */
  readonly columns: readonly string[] | null;
  readonly wrong: readonly Wrong[];
}

/** Read what an address says of a list; names that the list does not have are left alone. */
export function readState(operation: Operation, search: Search): ListState {
  const filters: Record<string, readonly string[]> = {};
  const wrong: Wrong[] = [];
  for (const filter of operation.filters) {
    const values = [...new Set(textsOf(search[filter.name]))];
    if (values.length === 0) continue;
    const problems = values.map((value) => ({ value, reason: whyWrong(filter, value, values.length) }));
    for (const { value, reason } of problems) {
      if (reason !== null) wrong.push({ name: filter.name, value, reason });
    }
    const right = problems.filter(({ reason }) => reason === null).map(({ value }) => value);
    if (right.length > 0) filters[filter.name] = right;
  }
  const [sort] = textsOf(search[SORT]);
  const known = sort === undefined || operation.sorts.includes(sort);
  if (!known) wrong.push({ name: SORT, value: sort, reason: `is none of ${operation.sorts.join(", ")}` });
  const [columns] = textsOf(search[COLUMNS]);
  return {
    filters,
    sort: known && sort !== undefined ? sort : null,
    columns: columns === undefined ? null : columns.split(",").filter((id) => id !== ""),
    wrong,
  };
}

/** Return the search with other values for one filter; no other name changes. */
export function withFilter(search: Search, name: string, values: readonly string[]): Search {
  const { [name]: _before, ...others } = search;
  if (values.length === 0) return others;
  return { ...others, [name]: values.length === 1 ? values[0] : values };
}

/** Return the search with other values for some filters. */
export function withFilters(search: Search, changes: Filters): Search {
  return Object.entries(changes).reduce((now, [name, values]) => withFilter(now, name, values), search);
}

/** Return the search without one value of a name. */
export function withoutValue(search: Search, name: string, value: string): Search {
  return withFilter(
    search,
    name,
    textsOf(search[name]).filter((one) => one !== value),
  );
}

/** Return the search with another order; null: the order of the contract. */
export function withSort(search: Search, sort: string | null): Search {
  return withFilter(search, SORT, sort === null ? [] : [sort]);
}

/** Return the search with other columns; null: those that fit. */
export function withColumns(search: Search, columns: readonly string[] | null): Search {
  return withFilter(search, COLUMNS, columns === null ? [] : [columns.join(",")]);
}

/** Return the path of the page that an address has open beside its list; null: none. */
export function paneOf(search: Search): string | null {
  return textsOf(search[PANE])[0] ?? null;
}

/** Return the search with another page beside the list; null: with none. */
export function withPane(search: Search, path: string | null): Search {
  return withFilter(search, PANE, path === null ? [] : [path]);
}

/** Return the search with the filters and the order of a view instead of its own; all else stays. */
export function withView(operation: Operation, search: Search, query: Search): Search {
  const names = new Set([...operation.filters.map(({ name }) => name), SORT]);
  const others = Object.entries(search).filter(([name]) => !names.has(name));
  return { ...Object.fromEntries(others), ...query };
}

/** Whether an address shows exactly a view. */
export function isView(operation: Operation, state: ListState, query: Search): boolean {
  const view = readState(operation, query);
  const same = (one: Filters, other: Filters) =>
    Object.entries(one).every(
      ([name, values]) =>
        other[name]?.length === values.length && values.every((value) => other[name]?.includes(value)),
    );
  const sort = (of: ListState) => of.sort ?? operation.defaultSort;
  return (
    state.wrong.length === 0 &&
    sort(state) === sort(view) &&
    same(state.filters, view.filters) &&
    same(view.filters, state.filters)
  );
}

/**
 * Return what checks the search of a route with a list: names of the list and of the page stay, others go.
 *
 * @param others Names that the page has beside those of the list and of what is open beside it.
 */
export function listSearch(operation: Operation, others: readonly string[] = []) {
  const known = new Set([...operation.filters.map(({ name }) => name), SORT, COLUMNS, PANE, ...others]);
  return (search: Search): Record<string, string | string[]> =>
    Object.fromEntries(
      Object.entries(search)
        .filter(([name]) => known.has(name))
        .map(([name, value]) => {
          const texts = textsOf(value);
          return [name, texts.length === 1 ? (texts[0] ?? "") : [...texts]];
        }),
    );
}

/** Return why a filter does not take a value that is given with others; null if it does. */
export function whyWrong(filter: Filter, value: string, count: number): string | null {
  if (count > 1 && !filter.many) return "is given more than once; only one value is possible";
  if (value === "") return "has no value";
  switch (filter.type) {
    case "choice":
      return filter.values.includes(value) ? null : `is none of ${filter.values.join(", ")}`;
    case "boolean":
      return value === "true" || value === "false" ? null : "is neither true nor false";
    case "number":
      return value.trim() !== "" && Number.isFinite(Number(value)) ? null : "is no number";
    case "time":
      return isTime(value) ? null : "is no time: 2026-03-02T04:05Z, now-12h or last-night";
    case "id":
      return UUID.test(value) ? null : "is no id";
    case "text":
      return null;
  }
}
