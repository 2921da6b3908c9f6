import { expect, test } from "vitest";
import { lookOf } from "~/components/states";

test.each([
  ["archived", "ok", "archived"],
  ["running", "moving", "running"],
  ["in_progress", "moving", "in progress"],
  ["deletion_scheduled", "watch", "deletion scheduled"],
  ["suspended", "watch", "suspended"],
  ["corrupt", "act", "corrupt"],
  ["critical", "act", "critical"],
  ["cancelled", "unknown", "cancelled"],
])("%s is a matter to %s: %s", (state, tone, word) => {
  expect(lookOf(state)).toMatchObject({ tone, word });
});

test("a state that this version does not know stands as the API names it, without a verdict", () => {
  expect(lookOf("being_repaired")).toMatchObject({ tone: "unknown", word: "being repaired" });
});

test("a state named like a property of objects is no state that we know", () => {
  expect(lookOf("constructor")).toMatchObject({ tone: "unknown", word: "constructor" });
});
