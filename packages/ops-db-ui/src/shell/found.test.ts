import { expect, test } from "vitest";
import { foundItems } from "~/shell/found";

const HIT = {
  type: "raw_data_package",
  collection: "raw-data-packages",
  id: "p1",
  title: "a.tar",
  detail: "CHAI",
};

test("a thing with a page leads to it, with its kind and detail beside it", () => {
  expect(foundItems([HIT])).toEqual([
    {
      id: "hit-raw-data-packages-p1",
      group: "Found",
      label: "a.tar",
      note: "raw data package · CHAI",
      refused: null,
      does: { go: "/packages/p1" },
    },
  ]);
});

test.each([
  ["executed-obs-units", "/observations/x"],
  ["staging-jobs", "/staging/x"],
  ["data-locations", "/places/locations/x"],
  ["errors", "/errors/x"],
  ["data-transfers", "/work/data-transfers/x"],
  ["sources", "/observations?source=x"],
  ["observing-programs", "/observations?program=x"],
])("what is in %s leads to %s", (collection, address) => {
  expect(foundItems([{ ...HIT, collection, id: "x" }])[0]?.does).toEqual({ go: address });
});

test.each(["sites", "constructor"])("what has no page (%s) says so", (collection) => {
  expect(foundItems([{ ...HIT, type: "site", collection }])[0]?.refused).toBe("site: has no page of its own");
});

test("signs that mean something in addresses are quoted", () => {
  expect(foundItems([{ ...HIT, collection: "sources", id: "a&b=c/d" }])[0]?.does).toEqual({
    go: "/observations?source=a%26b%3Dc%2Fd",
  });
});

test("without a detail only the kind is said", () => {
  expect(foundItems([{ ...HIT, detail: null }])[0]?.note).toBe("raw data package");
});
