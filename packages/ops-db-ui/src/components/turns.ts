import type { components } from "~/api/schema.gen";

/** Whose turn it is. */
export type Turn = components["schemas"]["Turn"];

const WORDS: Readonly<Record<Turn, string>> = {
  automatic: "goes on by itself",
  operator: "operator",
  site: "staff at the site",
  instrument: "instrument team",
  requester: "who asked for it",
};

/** Return whose turn it is, in words. */
export function turnWord(turn: Turn): string {
  return WORDS[turn];
}
