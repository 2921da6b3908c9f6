import { type SiteTime, span, utc } from "~/time/format";

const AGO = /^now-(\d{1,6})(min|h|d)$/;
const MOMENT = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;
const UNITS = { min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DAY = UNITS.d;
/** From noon to noon lies one night; it counts as the last one once its noon is half a day ago. */
const HALF_DAY = DAY / 2;

/** Word for the last night in an address: its noon before as `since`, its noon after as `until`. */
export const LAST_NIGHT = "last-night";

/** Ranges that are offered for every time, with their texts in the address. */
export const RANGES = [
  { label: "last night", since: LAST_NIGHT, until: LAST_NIGHT },
  { label: "last 12 h", since: "now-12h", until: null },
  { label: "last 7 d", since: "now-7d", until: null },
] as const;

/** Whether a text of an address names a moment: ISO 8601, `now-12h`, or `last-night`. */
export function isTime(text: string): boolean {
  if (text === LAST_NIGHT || AGO.test(text)) return true;
  return MOMENT.test(text) && !Number.isNaN(Date.parse(iso(text)));
}

/**
 * Return the moment that a text of an address means, as the API wants it.
 *
 * @param end Whether it is the end of a range.
 */
export function momentOf(text: string, end: boolean, now: Date, site: SiteTime | null): string {
  const ago = AGO.exec(text);
  if (ago !== null) {
    const unit = UNITS[ago[2] as keyof typeof UNITS];
    return new Date(now.getTime() - Number(ago[1]) * unit).toISOString();
  }
  if (text === LAST_NIGHT) {
    const noon = noonBefore(new Date(now.getTime() - HALF_DAY), site?.longitude ?? 0);
    return new Date(noon.getTime() + (end ? DAY : 0)).toISOString();
  }
  return new Date(iso(text)).toISOString();
}

/** Return a range as people read it: `last night`, `in the last 12 h`, `before 2026-03-02 04:05:06Z`. */
export function rangeInWords(since: string | null, until: string | null): string {
  const known = RANGES.find((range) => range.since === since && range.until === until);
  if (known !== undefined) return known.label;
  const parts = [
    since === null ? null : `since ${timeInWords(since)}`,
    until === null ? null : `before ${timeInWords(until)}`,
  ];
  return parts.filter((part) => part !== null).join(" and ");
}

function timeInWords(text: string): string {
  const ago = AGO.exec(text);
  if (ago !== null) return `${span(Number(ago[1]) * UNITS[ago[2] as keyof typeof UNITS])} ago`;
  if (text === LAST_NIGHT) return "last night";
  return isTime(text) ? utc(new Date(iso(text))) : text;
}

/** A date alone, or a time without a zone, is meant in UTC. */
function iso(text: string): string {
  const spaced = text.replace(" ", "T");
  return !spaced.includes("T") || /(?:Z|[+-]\d\d:\d\d)$/.test(spaced) ? spaced : `${spaced}Z`;
}

/** The mean noon at a longitude (degrees, east positive) before a moment. */
function noonBefore(moment: Date, longitude: number): Date {
  const offset = HALF_DAY - (longitude / 360) * DAY;
  return new Date(Math.floor((moment.getTime() - offset) / DAY) * DAY + offset);
}
