import { localSiderealTime, modifiedJulianDate, sexagesimalHours } from "~/time/lst";

/** Where and how moments are shown. */
export type TimeStyle = "utc" | "site" | "lst" | "mjd" | "age";

/** Time zone (IANA) and longitude (degrees, east positive) of the site. */
export interface SiteTime {
  readonly timeZone: string;
  readonly longitude: number;
}

const SECOND = 1_000;
const STEPS: readonly (readonly [number, string, number, string])[] = [
  [86_400, "d", 3_600, "h"],
  [3_600, "h", 60, "min"],
  [60, "min", 1, "s"],
];

/** Return a moment as ISO 8601 to the second, in UTC: `2026-03-02 04:05:06Z`. */
export function utc(moment: Date): string {
  return moment
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z$/, "Z");
}

/** Return a moment as ISO 8601 to the second, in a time zone, with its offset. */
export function inZone(moment: Date, timeZone: string): string {
  const parts = Object.fromEntries(
    formatOf(timeZone)
      .formatToParts(moment)
      .map(({ type, value }) => [type, value]),
  );
  const offset = (parts.timeZoneName ?? "").replace("GMT", "") || "+00:00";
  return `${parts.year}-${parts.month}-${parts.day} ${parts.hour}:${parts.minute}:${parts.second}${offset}`;
}

// Making one takes much longer than using it, and tables show hundreds of moments.
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "longOffset",
  });
  formats.set(timeZone, format);
  return format;
}

/** Return the day of a shown moment, where it has one: `2026-03-02`. */
export function dayOf(text: string): string | null {
  return /^\d{4}-\d\d-\d\d(?= )/.exec(text)?.[0] ?? null;
}

/** Return a shown moment without its day: `04:05:06Z`. */
export function clockOf(text: string): string {
  const day = dayOf(text);
  return day === null ? text : text.slice(day.length + 1);
}

/** Return a span in two units at most: `3 d 4 h`, `5 min`, `12 s`. Never negative. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / SECOND));
  for (const [large, largeUnit, small, smallUnit] of STEPS) {
    if (seconds < large) continue;
    const rest = Math.floor((seconds % large) / small);
    const whole = `${Math.floor(seconds / large)} ${largeUnit}`;
    return rest === 0 ? whole : `${whole} ${rest} ${smallUnit}`;
  }
  return `${seconds} s`;
}

/** Return how long ago a moment was, or in how long it will be. */
export function age(moment: Date, now: Date): string {
  const distance = now.getTime() - moment.getTime();
  if (Math.abs(distance) < SECOND) return "now";
  return distance > 0 ? `${span(distance)} ago` : `in ${span(-distance)}`;
}

/** Return a moment in a style. */
export function shown(moment: Date, style: TimeStyle, now: Date, site: SiteTime | null): string {
  if (style === "age") return age(moment, now);
  if (style === "mjd") return `MJD ${modifiedJulianDate(moment).toFixed(5)}`;
  if (site !== null && style === "site") return inZone(moment, site.timeZone);
  if (site !== null && style === "lst")
    return `LST ${sexagesimalHours(localSiderealTime(moment, site.longitude))}`;
  return utc(moment);
}
