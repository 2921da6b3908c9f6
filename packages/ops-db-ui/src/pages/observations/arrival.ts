import { grouped, withPrefix } from "~/components/quantity";
import type { Progress } from "~/pages/observations/answers";

/** What arrived of an observation and where it stands, in words. */
export interface Arrival {
  /** State whose look this has. */
  readonly state: string;
  /** One or two words for where the data stand. */
  readonly word: string;
  /** The sentence: what arrived, in how many packages, and where these are. */
  readonly sentence: string;
}

/** Return what arrived of an observation and where it stands. */
export function arrivalOf(progress: Progress): Arrival {
  return { ...standing(progress), sentence: sentence(progress) };
}

function standing(of: Progress): Pick<Arrival, "state" | "word"> {
  const isRunning = of.status === "running";
  if (of.packages_failed > 0 || of.failed.length > 0) return { state: "failed", word: "needs somebody" };
  if (isRunning) return { state: "running", word: "running" };
  if (of.files === 0) return { state: "watch", word: "no data" };
  if (of.archived) return { state: "archived", word: "archived" };
  return { state: "transferring", word: "on its way" };
}

function sentence(of: Progress): string {
  const isRunning = of.status === "running";
  if (of.files === 0) {
    return isRunning ? "No file has been filed yet." : "It ended without a file.";
  }
  const filed = `${counted(of.files, "file")} filed${isRunning ? " so far" : ""}, ${withPrefix(of.bytes, "B")}`;
  if (of.packages === 0) return `${filed}, not packaged yet.`;
  return `${filed}, in ${counted(of.packages, "package")}: ${packages(of)}.${unpackaged(of)}`;
}

function packages(of: Progress): string {
  const rest = of.packages - of.packages_archived - of.packages_failed;
  if (of.packages === of.packages_archived) {
    return `${all(of.packages)} archived${of.removed_at_source ? ", removed at the source" : ""}`;
  }
  const parts: readonly (readonly [number, string])[] = [
    [of.packages_archived, "archived"],
    [of.packages_failed, "given up"],
    [rest, "on the way"],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${grouped(count)} ${word}`)
    .join(", ");
}

function unpackaged(of: Progress): string {
  const count = of.files - of.files_packaged;
  return count === 0 ? "" : ` ${counted(count, "file")} in no package yet.`;
}

function all(count: number): string {
  if (count === 1) return "it is";
  return count === 2 ? "both are" : "all are";
}

function counted(count: number, one: string): string {
  return `${grouped(count)} ${count === 1 ? one : `${one}s`}`;
}
