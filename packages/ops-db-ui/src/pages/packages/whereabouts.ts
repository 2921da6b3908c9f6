import type { components } from "~/api/schema.gen";
import { grouped } from "~/components/quantity";

type Package = components["schemas"]["Package"];
type Copy = Package["copies"][number];

/** Return in a sentence where the copies of a package are and whether its files are still at their source. */
export function whereabouts(data: Package): string {
  const archives = places(data, (copy) => copy.location_type === "long_term_archive");
  const others = places(data, (copy) => copy.location_type !== "long_term_archive");
  const parts = [
    archives.length === 0 ? "In no archive yet" : `Verified in ${list(archives)}`,
    others.length === 0 ? null : `also at ${list(others)}`,
    sourceOf(data),
  ].filter((part) => part !== null);
  return `${parts.join("; ")}.`;
}

function places(data: Package, wanted: (copy: Copy) => boolean): readonly string[] {
  const isThere = ({ status }: Copy) => status === "verified" || status === "staged";
  return [
    ...new Set(data.copies.filter((copy) => wanted(copy) && isThere(copy)).map(({ location }) => location)),
  ];
}

function sourceOf({ source_files: { present }, source_location }: Package): string {
  if (present === 0) return `removed at its source, ${source_location}`;
  return `${grouped(present)} of its files still at ${source_location}`;
}

function list(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
