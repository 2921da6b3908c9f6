import type { Measured } from "./measure.ts";

/** What a page is looked at in. */
export interface Look {
  readonly scheme: "light" | "dark";
  readonly width: number;
  readonly height: number;
}

/** All looks. */
export const LOOKS: readonly Look[] = (["light", "dark"] as const).flatMap((scheme) => [
  { scheme, width: 360, height: 740 },
  { scheme, width: 1280, height: 720 },
  { scheme, width: 2560, height: 1440 },
]);

/** What was seen of a page while it was walked through. */
export interface Seen extends Measured {
  /** Rules of axe that do not hold, with what they were found at. */
  readonly axe: readonly string[];
  /** Requests to other origins. */
  readonly foreign: readonly string[];
  /** Reports of the content security policy, and errors in the console. */
  readonly reports: readonly string[];
}

/** The rules, in the order of the table. */
export const RULES = [
  "fonts",
  "edges",
  "gaps",
  "cut off",
  "overlap",
  "sideways",
  "fold",
  "words",
  "axe",
  "origin",
  "reports",
] as const;

/** A rule of looks. */
export type Rule = (typeof RULES)[number];

const MOST_FONT_SIZES = 6;
const MOST_LEFT_EDGES = 8;
const MOST_WORDS_OF_A_GREEN_OVERVIEW = 250;

/** Return what of each rule does not hold; a rule that holds has an empty list. */
export function judge(seen: Seen, page: string, night: string): Readonly<Record<Rule, readonly string[]>> {
  const many = (list: readonly number[], most: number) =>
    list.length > most ? [`${list.length}: ${list.join(", ")}`] : [];
  const isGreenOverview = page === "overview" && night === "green-night";
  const wordy = isGreenOverview && seen.words > MOST_WORDS_OF_A_GREEN_OVERVIEW;
  return {
    fonts: many(seen.fontSizes, MOST_FONT_SIZES),
    edges: many(seen.leftEdges, MOST_LEFT_EDGES),
    gaps: seen.oddGaps,
    "cut off": seen.clipped,
    overlap: seen.overlapping,
    sideways: seen.sideways > 0 ? [`${seen.sideways} px too wide`] : [],
    fold: seen.belowFold,
    words: wordy ? [`${seen.words} words`] : [],
    axe: seen.axe,
    origin: seen.foreign,
    reports: seen.reports,
  };
}

/** Return a table of verdicts: how often each rule does not hold, or that it does. */
export function table(
  rows: readonly { readonly name: string; readonly verdict: Readonly<Record<Rule, readonly string[]>> }[],
): string {
  const wide = Math.max(...rows.map(({ name }) => name.length));
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(wide)}  ${cells.map((cell, index) => cell.padStart(RULES[index]?.length ?? 0)).join("  ")}`;
  return [
    line("", RULES),
    ...rows.map(({ name, verdict }) =>
      line(
        name,
        RULES.map((rule) => (verdict[rule].length === 0 ? "ok" : String(verdict[rule].length))),
      ),
    ),
  ].join("\n");
}
