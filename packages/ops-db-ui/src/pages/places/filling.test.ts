import { expect, test } from "vitest";
import { isSoonFull, ruleOf, trendOf } from "~/pages/places/filling";
import { PLACE, POLICY } from "~/pages/places/places.fixtures";

const NOW = new Date("2026-03-14T06:00:00Z");

function filling(bytes_per_second: number | null, full_at: string | null = null) {
  return { ...PLACE, usage: { ...PLACE.usage, bytes_per_second, full_at } } as typeof PLACE;
}

test.each([
  [filling(null), null],
  [filling(0), "neither fills nor empties"],
  [filling(-2e6), "empties at 2.00 MB/s"],
  [filling(2e6), "fills at 2.00 MB/s"],
  [filling(2e6, "2026-03-14T18:00:00Z"), "fills at 2.00 MB/s; if that goes on, no room in 12 h"],
])("how a place fills: %#", (place, words) => {
  expect(trendOf(place, NOW)).toBe(words);
});

test("full within a day is soon", () => {
  expect(isSoonFull(filling(1, "2026-03-15T05:59:59Z"), NOW)).toBe(true);
  expect(isSoonFull(filling(1, "2026-03-15T06:00:01Z"), NOW)).toBe(false);
});

test.each([
  [PLACE, POLICY, "Copies are deleted as soon as 2 archives have a verified copy."],
  [
    PLACE,
    { ...POLICY, grace_period: 86_400 },
    "Copies are deleted as soon as 2 archives have a verified copy. An operator can stop each deletion for 1 d.",
  ],
  [
    PLACE,
    { ...POLICY, trigger: "under_pressure" },
    "Copies stay as a cache. Above 85 % those of which 2 archives have a verified copy are deleted, down to 70 %.",
  ],
  [
    { ...PLACE, deletion_mode: "dry_run" },
    POLICY,
    "The deletion mode is dry run: nothing is deleted here, only said.",
  ],
  [PLACE, null, "Nothing is deleted here: the place has no retention policy."],
  [{ ...PLACE, location_type: "long_term_archive" }, null, "Nothing is ever deleted from an archive."],
] as const)("when copies are deleted: %#", (place, policy, words) => {
  expect(ruleOf(place as typeof PLACE, policy as typeof POLICY | null)).toBe(words);
});
