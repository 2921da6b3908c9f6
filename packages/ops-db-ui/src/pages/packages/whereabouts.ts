import type { components } from "~/api/schema.gen";
import { grouped } from "~/components/quantity";

type Package = components["schemas"]["Package"];
type Copy = Package["copies"][number];

/** States of a copy that is not there, or not what it should be. */
export const GONE: readonly Copy["status"][] = ["deleted", "deletion_in_progress", "missing"];

/** Return in how many archives a package is of how many that want it, as a sentence. */
export function archived(data: Package, inDoubt: readonly string[]): string {
  const { copies_wanted: wanted, copies_archived: verified } = data;
  const names = places(data, ({ location_type }) => location_type === "long_term_archive");
  const have = `${verified} of ${wanted} ${wanted === 1 ? "archive" : "archives"}`;
  if (verified === 0) return `No archive has it yet; ${wanted} ${wanted === 1 ? "is" : "are"} to have it.`;
  const count = `${have} ${verified === 1 ? "has" : "have"} a verified copy: ${list(names)}.`;
  if (inDoubt.length === 0) return count;
  const certain = verified - inDoubt.length;
  return `${count} ${list(inDoubt)} ${inDoubt.length === 1 ? "is" : "are"} in doubt now, so ${certain} ${certain === 1 ? "copy is" : "copies are"} certain.`;
}

/** Return where else the data of a package are, and so whether anything is lost, as a sentence. */
export function whereabouts(data: Package): string {
  const others = places(data, ({ location_type }) => location_type !== "long_term_archive");
  const { present } = data.source_files;
  const unread = data.copies.filter(({ status }) => status === "present").map(({ location }) => location);
  const copies =
    others.length > 0
      ? `a verified copy is at ${list(others)}`
      : unread.length > 0
        ? `a copy, not verified yet, is at ${list(unread)}`
        : null;
  if (data.sealed_at === null) {
    return `It is not packed yet. Its files are at their source only: ${ofFiles(data)} at ${data.source_location}.`;
  }
  const source =
    present === 0
      ? `its files were removed at their source, ${data.source_location}`
      : `${ofFiles(data)} still at their source, ${data.source_location}`;
  if (data.copies_archived > 0) return sentence(copies === null ? source : `${copies} too; ${source}`);
  if (copies === null && present === 0) return "No good copy of it is known anywhere.";
  return sentence(`Nothing is lost: ${copies === null ? source : `${copies}, and ${source}`}`);
}

/** Return where the data of a package are that is not packed, as a sentence. */
export function notPackedYet({ source_files: { present }, file_count, source_location }: Package): string {
  const of = present === file_count ? "" : ` of ${grouped(file_count)}`;
  const files =
    present === 1 && of === "" ? "file itself is" : `files themselves ${present === 1 ? "is" : "are"}`;
  return `Not packed yet; the ${grouped(present)}${of} ${files} at ${source_location}.`;
}

function ofFiles({ source_files: { present }, file_count }: Package): string {
  const files = present === 1 ? "file is" : "files are";
  return present === file_count
    ? `${present === 1 ? "its file is" : `all ${grouped(present)} files are`}`
    : `${grouped(present)} of ${grouped(file_count)} ${files}`;
}

function places(data: Package, wanted: (copy: Copy) => boolean): readonly string[] {
  const isThere = ({ status }: Copy) => status === "verified" || status === "staged";
  return [
    ...new Set(data.copies.filter((copy) => wanted(copy) && isThere(copy)).map(({ location }) => location)),
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function list(names: readonly string[]): string {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
