import { describe, expect, test } from "vitest";
import { age, clockOf, dayOf, inZone, shown, span, utc } from "~/time/format";

const MOMENT = new Date("2026-03-02T04:05:06.789Z");
const SITE = { timeZone: "America/Santiago", longitude: -67.742 };

test("shows UTC to the second", () => {
  expect(utc(MOMENT)).toBe("2026-03-02 04:05:06Z");
});

test("shows a time zone with its offset in summer and in winter", () => {
  expect(inZone(MOMENT, "America/Santiago")).toBe("2026-03-02 01:05:06-03:00");
  expect(inZone(new Date("2026-07-02T03:05:06Z"), "America/Santiago")).toBe("2026-07-01 23:05:06-04:00");
});

test("shows the offset of UTC itself", () => {
  expect(inZone(MOMENT, "UTC")).toBe("2026-03-02 04:05:06+00:00");
});

test("shows midnight as 00, not as 24", () => {
  expect(inZone(new Date("2026-03-02T03:00:00Z"), "America/Santiago")).toBe("2026-03-02 00:00:00-03:00");
});

describe("span", () => {
  test.each([
    [0, "0 s"],
    [499, "0 s"],
    [1_000, "1 s"],
    [59_400, "59 s"],
    [59_500, "1 min"],
    [60_000, "1 min"],
    [61_000, "1 min 1 s"],
    [3_599_000, "59 min 59 s"],
    [3_600_000, "1 h"],
    [3_659_000, "1 h"],
    [3_660_000, "1 h 1 min"],
    [86_400_000, "1 d"],
    [273_600_000, "3 d 4 h"],
    [31_536_000_000, "365 d"],
    [-5_000, "0 s"],
  ])("%i ms is %s", (milliseconds, words) => {
    expect(span(milliseconds)).toBe(words);
  });
});

describe("age", () => {
  test.each([
    ["2026-03-02T04:05:06.000Z", "now"],
    ["2026-03-02T04:05:00.000Z", "6 s ago"],
    ["2026-03-02T02:05:06.000Z", "2 h ago"],
    ["2026-03-02T04:35:06.000Z", "in 30 min"],
    ["2026-02-27T04:05:06.000Z", "3 d ago"],
  ])("%s is %s", (at, words) => {
    expect(age(new Date(at), new Date("2026-03-02T04:05:06.000Z"))).toBe(words);
  });
});

describe("shown", () => {
  test.each([
    ["utc", "2026-03-02 04:05:06Z"],
    ["site", "2026-03-02 01:05:06-03:00"],
    ["lst", "LST 10:14:00"],
    ["mjd", "MJD 61101.17022"],
    ["age", "54 s ago"],
  ] as const)("as %s", (style, words) => {
    expect(shown(MOMENT, style, new Date("2026-03-02T04:06:00.789Z"), SITE)).toBe(words);
  });

  test.each(["site", "lst"] as const)("as %s is UTC while nobody knows where the site is", (style) => {
    expect(shown(MOMENT, style, MOMENT, null)).toBe("2026-03-02 04:05:06Z");
  });
});

test.each([
  ["2026-03-02 04:05:06Z", "2026-03-02", "04:05:06Z"],
  ["2026-03-02 01:05:06-03:00", "2026-03-02", "01:05:06-03:00"],
  ["LST 10:14:18", null, "LST 10:14:18"],
  ["MJD 61101.17022", null, "MJD 61101.17022"],
  ["3 d ago", null, "3 d ago"],
])("takes %s apart into day and time of day", (text, day, clock) => {
  expect(dayOf(text)).toBe(day);
  expect(clockOf(text)).toBe(clock);
});
