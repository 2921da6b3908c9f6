import { describe, expect, test } from "vitest";
import { operations } from "~/api/operations.gen";
import { queryOf } from "~/lists/query";
import { isTime, momentOf, rangeInWords } from "~/lists/times";

const SITE = { timeZone: "America/Santiago", longitude: -67.787 };
const NOW = new Date("2026-03-02T15:30:00Z");

describe("what is a time", () => {
  test.each([
    "2026-03-02",
    "2026-03-02T04:05",
    "2026-03-02 04:05:06",
    "2026-03-02T04:05:06Z",
    "2026-03-02T04:05:06.5+02:00",
    "now-12h",
    "now-7d",
    "now-5min",
    "last-night",
  ])("%s", (text) => expect(isTime(text)).toBe(true));
  test.each([
    "",
    "now",
    "now-h",
    "now-1y",
    "12h",
    "2026",
    "2026-13-40",
    "2026-02-30T99:00",
    "tomorrow",
    "now-9999999d",
  ])("%j is none", (text) => expect(isTime(text)).toBe(false));
});

describe("the moment that is meant", () => {
  test.each([
    ["now-12h", "2026-03-02T03:30:00.000Z"],
    ["now-7d", "2026-02-23T15:30:00.000Z"],
    ["now-5min", "2026-03-02T15:25:00.000Z"],
    ["2026-03-02", "2026-03-02T00:00:00.000Z"],
    ["2026-03-02 04:05", "2026-03-02T04:05:00.000Z"],
    ["2026-03-02T04:05:06+02:00", "2026-03-02T02:05:06.000Z"],
  ])("%s", (text, moment) => expect(momentOf(text, false, NOW, SITE)).toBe(moment));

  test.each([
    ["in the night", "2026-03-02T07:00:00Z", "2026-03-01T16:31:08.880Z", "2026-03-02T16:31:08.880Z"],
    ["in the morning", "2026-03-02T15:30:00Z", "2026-03-01T16:31:08.880Z", "2026-03-02T16:31:08.880Z"],
    ["in the evening", "2026-03-02T23:00:00Z", "2026-03-01T16:31:08.880Z", "2026-03-02T16:31:08.880Z"],
    ["after midnight", "2026-03-03T05:00:00Z", "2026-03-02T16:31:08.880Z", "2026-03-03T16:31:08.880Z"],
  ])("last night, %s", (_, now, since, until) => {
    expect(momentOf("last-night", false, new Date(now), SITE)).toBe(since);
    expect(momentOf("last-night", true, new Date(now), SITE)).toBe(until);
  });

  test("without a longitude a night is that of Greenwich", () => {
    expect(momentOf("last-night", false, NOW, null)).toBe("2026-03-01T12:00:00.000Z");
  });
});

test("only times are translated for the API", () => {
  const filters = { source: ["last-night"], since: ["now-12h"], until: ["last-night"] };
  expect(queryOf(operations.list_executions, filters, NOW, SITE)).toEqual({
    source: ["last-night"],
    since: ["2026-03-02T03:30:00.000Z"],
    until: ["2026-03-02T16:31:08.880Z"],
  });
});

test.each([
  ["last-night", "last-night", "last night"],
  ["now-12h", null, "last 12 h"],
  ["now-7d", null, "last 7 d"],
  ["now-90min", null, "since 1 h 30 min ago"],
  [null, "now-24h", "before 1 d ago"],
  ["2026-03-02", "2026-03-03T04:05", "since 2026-03-02 00:00:00Z and before 2026-03-03 04:05:00Z"],
])("a range from %s to %s reads %s", (since, until, text) => {
  expect(rangeInWords(since, until)).toBe(text);
});
