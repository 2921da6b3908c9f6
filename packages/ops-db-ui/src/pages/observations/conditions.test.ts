import { expect, test } from "vitest";
import { degrees, millimetres } from "~/pages/observations/conditions";

test.each([
  [58, 61.34, "58.0–61.3°"],
  [45.01, 45.02, "45.0°"],
  [null, 12, "12.0°"],
  [-3.25, 4, "-3.3–4.0°"],
  [null, null, null],
])("from %s to %s is %s", (smallest, largest, text) => {
  expect(degrees(smallest, largest)).toBe(text);
});

test("water vapour has two digits behind the point", () => {
  expect(millimetres(0.6)).toBe("0.60 mm");
  expect(millimetres(null)).toBeNull();
});
