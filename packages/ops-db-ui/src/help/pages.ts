/** Pages that have a help text, by the beginning of their address; the longest that fits counts. */
const PAGES: readonly (readonly [address: string, page: string])[] = [
  ["/", "overview"],
  ["/work", "work"],
  ["/errors", "errors"],
  ["/observations", "observations"],
  ["/observations/$id", "observation"],
  ["/packages/$id", "package"],
  ["/staging", "staging"],
  ["/places/locations/$name", "place"],
];

/** Return the name of the help text for the address of a route. */
export function helpPageOf(address: string): string {
  const fitting = PAGES.filter(([beginning]) => address.startsWith(beginning));
  return fitting.at(-1)?.[1] ?? "overview";
}
