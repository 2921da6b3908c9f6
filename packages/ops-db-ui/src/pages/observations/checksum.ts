import type { RawFile } from "~/pages/observations/answers";

/** The program that checks a list of checksums of each algorithm. */
const PROGRAMS: Readonly<Record<string, string>> = {
  "xxh3-128": "xxh128sum",
  sha256: "sha256sum",
  blake3: "b3sum",
  md5: "md5sum",
};

/** Return the algorithm of a checksum and its digits. */
export function partsOf(checksum: string): readonly [algorithm: string, digits: string] {
  const cut = checksum.indexOf(":");
  return [checksum.slice(0, cut), checksum.slice(cut + 1)];
}

/** Return the line of a file for `sha256sum -c` and its like; names that would break the line are escaped as there. */
export function checksumLine(file: Pick<RawFile, "checksum" | "relative_path">): string {
  const [, hex] = partsOf(file.checksum);
  const escaped = file.relative_path.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
  return `${escaped === file.relative_path ? "" : "\\"}${hex}  ${escaped}`;
}

/** Return the program that checks such a line; null where there is none in common use. */
export function checkerOf(checksum: string): string | null {
  return PROGRAMS[partsOf(checksum)[0]] ?? null;
}
