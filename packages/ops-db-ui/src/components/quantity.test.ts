import { describe, expect, test } from "vitest";
import { grouped, percent, withPrefix } from "~/components/quantity";

describe("three digits and a prefix", () => {
  test.each([
    [0, "0 B"],
    [1, "1 B"],
    [999, "999 B"],
    [1_000, "1.00 kB"],
    [1_234, "1.23 kB"],
    [12_345, "12.3 kB"],
    [123_456, "123 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [12_400_000_000, "12.4 GB"],
    [8_000_000_000_000, "8.00 TB"],
    [5_000_000_000_000_000, "5.00 PB"],
    [2.5e18, "2.50 EB"],
    [-1_500, "−1.50 kB"],
    [0.5, "0.500 B"],
    [Number.NaN, "–"],
    [Number.POSITIVE_INFINITY, "–"],
  ])("%d is %s", (value, words) => {
    expect(withPrefix(value, "B")).toBe(words);
  });

  test("takes any unit", () => {
    expect(withPrefix(93_000_000, "B/s")).toBe("93.0 MB/s");
  });
});

describe("thousands", () => {
  test.each([
    [0, "0"],
    [999, "999"],
    [1_204, "1\u202f204"],
    [1_000_000, "1\u202f000\u202f000"],
    [12.6, "13"],
  ])("%d is %s", (value, words) => {
    expect(grouped(value)).toBe(words);
  });
});

describe("per cent", () => {
  test.each([
    [0, 10, "0 %"],
    [1, 1_000, "< 1 %"],
    [5, 10, "50 %"],
    [999, 1_000, "> 99 %"],
    [10, 10, "100 %"],
    [11, 10, "110 %"],
    [1, 0, "–"],
  ])("%d of %d is %s", (part, whole, words) => {
    expect(percent(part, whole)).toBe(words);
  });
});
