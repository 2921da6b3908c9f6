import { describe, expect, test } from "vitest";
import type { Filter, Operation } from "~/api/operation";
import { operations } from "~/api/operations.gen";
import { parseSearch, type Search, stringifySearch } from "~/lists/address";
import {
  isView,
  listSearch,
  readState,
  withColumns,
  withFilter,
  withFilters,
  withoutValue,
  withSort,
  withView,
} from "~/lists/state";

const LISTS: readonly (readonly [string, Operation])[] = Object.entries(operations).filter(([id]) =>
  id.startsWith("list_"),
);
const HOSTILE = [
  "a b",
  "a&b=c",
  "#?%",
  "+",
  "%20",
  "é🔭",
  "<b>",
  "'\"`$(x)",
  "\u202eevil",
  "a,b",
  " lead",
  "__proto__",
];

/** Values of a filter that the contract takes; of text every hostile one. */
function valuesFor({ type, values }: Filter): readonly string[] {
  switch (type) {
    case "choice":
      return values;
    case "boolean":
      return ["true", "false"];
    case "number":
      return ["0", "-1.5", "1e6"];
    case "time":
      return ["2026-03-02T04:05:06Z", "now-12h", "last-night"];
    case "id":
      return ["01a22a1f-eb69-7115-8b1c-4d295fd2291c"];
    case "text":
      return HOSTILE;
  }
}

function throughAddress(search: Search): Search {
  return parseSearch(stringifySearch(search));
}

test("the contract has lists", () => {
  expect(LISTS.length).toBeGreaterThanOrEqual(20);
});

describe.each(LISTS)("%s", (_, operation) => {
  test("every value of every filter comes back from the address", () => {
    for (const filter of operation.filters) {
      for (const value of valuesFor(filter)) {
        const state = readState(operation, throughAddress(withFilter({}, filter.name, [value])));
        expect(state).toEqual({ filters: { [filter.name]: [value] }, sort: null, columns: null, wrong: [] });
      }
    }
  });

  test("several values come back where the contract takes several, and are a problem otherwise", () => {
    for (const filter of operation.filters) {
      const values = valuesFor(filter).slice(0, 2);
      if (values.length < 2) continue;
      const state = readState(operation, throughAddress(withFilter({}, filter.name, values)));
      expect(state.filters).toEqual(filter.many ? { [filter.name]: values } : {});
      expect(state.wrong.length).toBe(filter.many ? 0 : 2);
    }
  });

  test("all filters, the order and the columns stand in one address, and none drops another", () => {
    let search: Search = { pane: "x" };
    for (const filter of operation.filters) {
      search = throughAddress(withFilter(search, filter.name, valuesFor(filter).slice(0, 1)));
    }
    const sort = operation.sorts.at(-1) ?? null;
    search = throughAddress(withColumns(withSort(search, sort), ["b", "a"]));
    const state = readState(operation, search);
    expect(Object.keys(state.filters)).toEqual(operation.filters.map(({ name }) => name));
    expect(state).toMatchObject({ sort, columns: ["b", "a"], wrong: [] });
    expect(search.pane).toBe("x");
  });

  test("every order comes back, and another one is a problem", () => {
    for (const sort of operation.sorts) {
      expect(readState(operation, throughAddress({ sort })).sort).toBe(sort);
    }
    expect(readState(operation, { sort: "colour" })).toMatchObject({ sort: null, wrong: [{ name: "sort" }] });
  });

  test("values that the contract does not take are named", () => {
    for (const filter of operation.filters.filter(({ type }) => type !== "text")) {
      const { filters, wrong } = readState(operation, { [filter.name]: "<nonsense>" });
      expect(filters).toEqual({});
      expect(wrong).toMatchObject([{ name: filter.name, value: "<nonsense>" }]);
    }
  });

  test("the check of its route keeps its own names and drops others", () => {
    const search = Object.fromEntries(operation.filters.map(({ name }) => [name, "x"]));
    expect(listSearch(operation, ["pane"])({ ...search, pane: 1, other: "y" })).toEqual({
      ...search,
      pane: "1",
    });
  });
});

const EXECUTIONS: Operation = operations.list_executions;

test("a value goes alone", () => {
  const search = { status: ["running", "failed"], source: "M82" };
  expect(withoutValue(search, "status", "failed")).toEqual({ status: "running", source: "M82" });
  expect(withoutValue(search, "source", "M82")).toEqual({ status: ["running", "failed"] });
});

test("several filters change together", () => {
  expect(withFilters({ source: "M82", since: "a" }, { since: [], until: ["b"] })).toEqual({
    source: "M82",
    until: "b",
  });
});

test("a view takes the place of filters and order; columns and panes stay", () => {
  const search = { status: "failed", sort: "started_at", columns: "a", pane: "1" };
  expect(withView(EXECUTIONS, search, { source: "M82" })).toEqual({ source: "M82", columns: "a", pane: "1" });
});

test("a view is shown when filters and order are the same, whatever their order", () => {
  const shown = (search: Search, query: Search) => isView(EXECUTIONS, readState(EXECUTIONS, search), query);
  expect(shown({}, {})).toBe(true);
  expect(shown({ columns: "a" }, {})).toBe(true);
  expect(shown({ sort: "-started_at" }, {})).toBe(true);
  expect(shown({ sort: "started_at" }, {})).toBe(false);
  expect(shown({ status: "running" }, {})).toBe(false);
  expect(shown({ status: "running", source: "M82" }, { source: "M82", status: "running" })).toBe(true);
  expect(shown({ status: "nonsense" }, {})).toBe(false);
});

test("a value that is given twice counts once", () => {
  expect(readState(EXECUTIONS, { status: ["running", "running"] }).filters).toEqual({ status: ["running"] });
});

test("a filter without a value is a problem, not the whole list", () => {
  expect(readState(EXECUTIONS, { source: "" }).wrong).toMatchObject([{ name: "source", value: "" }]);
});
