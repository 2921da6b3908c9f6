import { grouped, withPrefix } from "~/components/quantity";
import type { Package, Progress } from "~/pages/observations/answers";

/** What arrived of an observation and where it stands, in words. */
export interface Arrival {
  /** State whose look this has. */
  readonly state: string;
  /** One or two words for where the data stand. */
  readonly word: string;
  /** The sentence: what arrived, in how many packages, and where these are. */
  readonly sentence: string;
}

/**
 * Return what arrived of an observation and where it stands.
 *
 * @param packages - its packages as far as they are known: they tell which of those on the way wait, and why
 */
export function arrivalOf(progress: Progress, packages: readonly Package[] = []): Arrival {
  const waiting = packages
    .filter(({ state, waiting_reason }) => state === "waiting" && waiting_reason !== null)
    .toSorted((one, other) => (one.waiting_since ?? "").localeCompare(other.waiting_since ?? ""));
  return { ...standing(progress, waiting), sentence: sentence(progress, waiting) };
}

function standing(of: Progress, waiting: readonly Package[]): Pick<Arrival, "state" | "word"> {
  const isRunning = of.status === "running";
  if (of.packages_failed > 0 || of.failed.length > 0) return { state: "failed", word: "needs somebody" };
  if (isRunning) return { state: "running", word: "running" };
  if (of.files === 0) return { state: "watch", word: "no data" };
  if (of.archived) return { state: "archived", word: "archived" };
  if (waiting.length > 0 && waiting.length === onTheWay(of)) return { state: "waiting", word: "waits" };
  return { state: "transferring", word: "on its way" };
}

function sentence(of: Progress, waiting: readonly Package[]): string {
  const isRunning = of.status === "running";
  if (of.files === 0) {
    return isRunning ? "No file has been filed yet." : "It ended without a file.";
  }
  const filed = `${counted(of.files, "file")} filed${isRunning ? " so far" : ""}, ${withPrefix(of.bytes, "B")}`;
  if (of.packages === 0) return `${filed}, not packaged yet.`;
  return `${filed}, in ${counted(of.packages, "package")}: ${stands(of, waiting)}.${unpackaged(of)}`;
}

function stands(of: Progress, waiting: readonly Package[]): string {
  if (of.packages === of.packages_archived) {
    return `${all(of.packages)} archived${of.removed_at_source ? ", removed at the source" : ""}`;
  }
  const parts: readonly (readonly [number, string])[] = [
    [of.packages_archived, "archived"],
    [of.packages_failed, "given up"],
    [onTheWay(of) - waiting.length, "on the way"],
    [waiting.length, waiting.length === 1 ? "waits" : "wait"],
  ];
  const said = parts.filter(([count]) => count > 0).map(([count, word]) => `${grouped(count)} ${word}`);
  const [oldest] = waiting;
  const reason = oldest?.waiting_detail ?? oldest?.waiting_reason?.replaceAll("_", " ");
  return reason === undefined ? said.join(", ") : `${said.join(", ")} (${reason})`;
}

function onTheWay(of: Progress): number {
  return of.packages - of.packages_archived - of.packages_failed;
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
