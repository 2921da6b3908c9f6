/** Titles of the help texts by their names, in the order in which they are listed. */
export const HELP_TITLES: Readonly<Record<string, string>> = {
  overview: "Overview",
  work: "Work",
  errors: "Errors",
  observations: "Observations",
  observation: "An observation",
  package: "A package",
  staging: "Staging",
  place: "A place",
  lists: "Bars, lists and keys",
  "sign-in": "Signing in",
};

/** Pages that have a help text, by the beginning of their address; the last that fits counts. */
const PAGES: readonly (readonly [address: string, page: string])[] = [
  ["/", "overview"],
  ["/work", "work"],
  ["/errors", "errors"],
  ["/observations", "observations"],
  ["/observations/$id", "observation"],
  ["/packages/$id", "package"],
  ["/staging", "staging"],
  ["/places/locations/$name", "place"],
  ["/sign-in", "sign-in"],
];

/** Return the name of the help text for the address of a route. */
export function helpPageOf(address: string): string {
  const fitting = PAGES.filter(([beginning]) => address.startsWith(beginning));
  return fitting.at(-1)?.[1] ?? "overview";
}
