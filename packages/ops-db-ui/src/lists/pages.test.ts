import { describe, expect, test } from "vitest";
import { type ListPage, pagesInView, refreshed } from "~/lists/pages";

interface Row {
  readonly id: string;
  readonly state?: string;
}

const rowId = ({ id }: Row) => id;

function page(ids: string, cursor: string | null = null, next: string | null = null): ListPage<Row> {
  const items = ids
    .split(" ")
    .filter((id) => id !== "")
    .map((id) => ({ id }));
  return { items, cursor, next, query: {}, gone: new Set() };
}

function idsOf(pages: readonly ListPage<Row>[]) {
  return pages.map(({ items }) => items.map(rowId).join(" "));
}

describe("a refresh", () => {
  test("changes rows where they stand, even if the order is another one now", () => {
    const again = {
      ...page(""),
      items: [
        { id: "b", state: "new" },
        { id: "a", state: "new" },
      ],
    };
    const { pages, unseen } = refreshed([page("a b")], new Map([[0, again]]), rowId);
    expect(pages[0]?.items).toEqual([
      { id: "a", state: "new" },
      { id: "b", state: "new" },
    ]);
    expect(unseen.size).toBe(0);
  });

  test("counts new rows above and between, and shows none of them", () => {
    const { pages, unseen } = refreshed([page("c b a")], new Map([[0, page("e d c x b a")]]), rowId);
    expect(idsOf(pages)).toEqual(["c b a"]);
    expect([...unseen].sort()).toEqual(["d", "e", "x"]);
  });

  test("adds new rows that follow all others", () => {
    const { pages, unseen } = refreshed([page("a b")], new Map([[0, page("a b c d")]]), rowId);
    expect(idsOf(pages)).toEqual(["a b c d"]);
    expect(unseen.size).toBe(0);
  });

  test("adds none where another page follows", () => {
    const { pages, unseen } = refreshed(
      [page("a b", null, "n")],
      new Map([[0, page("a c", null, "n")]]),
      rowId,
    );
    expect(idsOf(pages)).toEqual(["a b"]);
    expect([...unseen]).toEqual(["c"]);
  });

  test("keeps a row that is no longer in the list, and marks it", () => {
    const { pages } = refreshed([page("a b c")], new Map([[0, page("a c")]]), rowId);
    expect(idsOf(pages)).toEqual(["a b c"]);
    expect([...(pages[0]?.gone ?? [])]).toEqual(["b"]);
  });

  test("a row that comes back is no longer marked", () => {
    const before = { ...page("a b"), gone: new Set(["b"]) };
    expect(refreshed([before], new Map([[0, page("a b")]]), rowId).pages[0]?.gone.size).toBe(0);
  });

  test("rows that new ones pushed out of the page are not gone", () => {
    const before = [page("d c b a", null, "n"), page("z y", "n")];
    const { pages, unseen } = refreshed(before, new Map([[0, page("f e d c", null, "m")]]), rowId);
    expect(idsOf(pages)).toEqual(["d c b a", "z y"]);
    expect(pages[0]?.gone.size).toBe(0);
    expect([...unseen]).toEqual(["f", "e"]);
  });

  test("reads a later page by its own place", () => {
    const before = [page("d c", null, "n"), page("b a", "n")];
    const again = { ...page("b"), cursor: "n", items: [{ id: "b", state: "new" }] };
    const { pages } = refreshed(before, new Map([[1, again]]), rowId);
    expect(pages[1]?.items).toEqual([{ id: "b", state: "new" }, { id: "a" }]);
    expect([...(pages[1]?.gone ?? [])]).toEqual(["a"]);
    expect(pages[0]).toEqual(before[0]);
  });

  test("a row of the next page that moved up is neither new nor gone", () => {
    const before = [page("d c", null, "n"), page("b a", "n")];
    const { pages, unseen } = refreshed(before, new Map([[0, page("d b", null, "m")]]), rowId);
    expect(idsOf(pages)).toEqual(["d c", "b a"]);
    expect(unseen.size).toBe(0);
    expect([...(pages[0]?.gone ?? [])]).toEqual(["c"]);
  });

  test("everything may be gone", () => {
    const { pages } = refreshed([page("a b")], new Map([[0, page("")]]), rowId);
    expect([...(pages[0]?.gone ?? [])]).toEqual(["a", "b"]);
  });

  test("new rows in a list that was empty follow all others", () => {
    const { pages, unseen } = refreshed([page("")], new Map([[0, page("a")]]), rowId);
    expect(idsOf(pages)).toEqual(["a"]);
    expect(unseen.size).toBe(0);
  });
});

test.each([
  [[200, 200, 50], 0, 20, [0]],
  [[200, 200, 50], 190, 210, [0, 1]],
  [[200, 200, 50], 210, 220, [0, 1]],
  [[200, 200, 50], 420, 449, [0, 2]],
  [[200], 0, -1, [0]],
  [[0], 0, 0, [0]],
])("of pages of %j rows, those with the rows %i to %i are read again: %j", (lengths, first, last, wanted) => {
  expect(pagesInView(lengths, first, last)).toEqual(wanted);
});
