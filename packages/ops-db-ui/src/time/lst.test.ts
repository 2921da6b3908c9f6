import { expect, test } from "vitest";
import { localSiderealTime, modifiedJulianDate, sexagesimalHours } from "~/time/lst";

test.each([
  ["1970-01-01T00:00:00Z", 40_587],
  ["1858-11-17T00:00:00Z", 0],
  ["2000-01-01T12:00:00Z", 51_544.5],
  ["2026-03-02T06:00:00Z", 61_101.25],
])("the Modified Julian Date of %s is %d", (at, date) => {
  expect(modifiedJulianDate(new Date(at))).toBe(date);
});

// Greenwich mean sidereal time: Meeus, Astronomical Algorithms, examples 12.a and 12.b.
test.each([
  ["1987-04-10T00:00:00Z", "13:10:46"],
  ["1987-04-10T19:21:00Z", "08:34:57"],
])("the sidereal time at Greenwich at %s is %s", (at, time) => {
  expect(sexagesimalHours(localSiderealTime(new Date(at), 0))).toBe(time);
});

test("15 degrees east is one hour later", () => {
  const at = new Date("2026-03-02T04:05:06Z");
  const difference = localSiderealTime(at, 15) - localSiderealTime(at, 0);
  expect((difference + 24) % 24).toBeCloseTo(1, 9);
});

test.each([
  ["1900-01-01T00:00:00Z", -180],
  ["2100-01-01T00:00:00Z", 180],
])("stays between 0 and 24 hours at %s", (at, longitude) => {
  const hours = localSiderealTime(new Date(at), longitude);
  expect(hours).toBeGreaterThanOrEqual(0);
  expect(hours).toBeLessThan(24);
});

test.each([
  [0, "00:00:00"],
  [13.5, "13:30:00"],
  [23.9999, "23:59:59"],
  [1 / 3600, "00:00:01"],
])("%d hours is %s", (hours, words) => {
  expect(sexagesimalHours(hours)).toBe(words);
});
