import { describe, expect, test } from "vitest";
import type { Me } from "~/api/me";
import { grouped, matching, ownItems } from "~/shell/palette-items";

const ALL = ["system:view", "work:view", "data:view"];
const person = (permissions: readonly string[]) => ({ permissions }) as unknown as Me;
const ids = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);

test("offers what can be done first, then pages, what was visited, and help", () => {
  const items = ownItems(
    person(ALL),
    [{ label: "Suspend x", refused: null, run: () => undefined }],
    [{ address: "/work", title: "Work" }],
  );
  expect(grouped(items).map(([group]) => group)).toEqual(["Actions", "Pages", "Recent", "Help"]);
});

test("pages that one may not read are listed with the permission that is missing", () => {
  const refused = ownItems(person([]), [], []).find(({ id }) => id === "page-o")?.refused;
  expect(refused).toMatch(/^Needs the permission [a-z:_]+$/);
});

test("a verb that is refused keeps its reason", () => {
  const [verb] = ownItems(person([]), [{ label: "Retry", refused: "It is done.", run: () => undefined }], []);
  expect(verb).toMatchObject({ label: "Retry", refused: "It is done." });
});

describe("matching", () => {
  const items = ownItems(person(ALL), [], [{ address: "/p", title: "Orion KL" }]);

  test("without a text, all but help", () => {
    expect(ids(matching(items, "  "))).toEqual([
      "page-o",
      "page-w",
      "page-e",
      "page-b",
      "page-s",
      "recent-0",
    ]);
  });

  test("every word must occur, in any order and case", () => {
    expect(ids(matching(items, "kl ORION"))).toEqual(["recent-0"]);
    expect(ids(matching(items, "orion work"))).toEqual([]);
  });

  test("finds help texts by their titles", () => {
    expect(ids(matching(items, "help signing"))).toEqual(["help-sign-in"]);
  });

  test("takes what looks like a pattern as text", () => {
    expect(ids(matching(items, ".*"))).toEqual([]);
  });
});
