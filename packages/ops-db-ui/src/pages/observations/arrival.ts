import { known } from "~/api/words";
import { grouped, withPrefix } from "~/components/quantity";
import type { Package, Progress } from "~/pages/observations/answers";
import { isHeldUp } from "~/pages/observations/moves";

/** What arrived of an observation and where it stands, in words. */
export interface Arrival {
  /** State whose look this has. */
  readonly state: string;
  /** One or two words for where the data stand. */
  readonly word: string;
  /** The sentence: what arrived, whether it is safe, and what holds it up. */
  readonly sentence: string;
}

const DOINGS: Readonly<Record<string, string>> = {
  package_creation: "Packing",
  data_transfer: "A transfer",
  long_term_archive_transfer: "Archiving",
  fixity_check: "A check",
  staging_item: "Staging",
  deletion: "A deletion",
};

/** Return what a reason for waiting is called. */
export type ReasonText = (code: string) => string;

/**
 * Return what arrived of an observation, whether it is safe, and if not, why not yet.
 *
 * @param packages - its packages as far as they are known: they tell which of those on the way wait, and why
 */
export function arrivalOf(progress: Progress, packages: readonly Package[], reasonText: ReasonText): Arrival {
  const waiting = waitingOf(packages);
  const look = standing(progress, waiting);
  const parts = [arrived(progress), safe(progress), held(progress, look, waiting, reasonText)];
  return { ...look, sentence: parts.filter((part) => part !== null).join(" ") };
}

/** Return where files are that are in no archive yet: copies of their packages, else their source. */
export function placesOf(packages: readonly Package[]): readonly string[] {
  const open = packages.filter(({ state }) => state !== "archived");
  const places = open.flatMap(({ copies, source_location }) => {
    const there = copies.filter(({ status }) => status === "verified" || status === "present");
    return there.length === 0 ? [source_location] : there.map(({ location }) => location);
  });
  return [...new Set(places)];
}

function waitingOf(packages: readonly Package[]): readonly Package[] {
  return packages
    .filter(({ state, waiting_reason }) => isOpen(state) && isHeldUp(waiting_reason))
    .toSorted((one, other) => (one.waiting_since ?? "").localeCompare(other.waiting_since ?? ""));
}

/** Whether a package is under way: what an archived one waits for concerns spare copies alone. */
function isOpen(state: Package["state"]): boolean {
  return state === "waiting" || state === "transferring";
}

function standing(of: Progress, waiting: readonly Package[]): Pick<Arrival, "state" | "word"> {
  if (of.needs_somebody) return { state: "failed", word: "needs somebody" };
  if (of.status === "running") return { state: "running", word: "running" };
  if (of.files === 0) return { state: "watch", word: "no data" };
  if (of.archived) return { state: "archived", word: "archived" };
  const underWay = of.packages - of.packages_archived - of.packages_failed;
  if (waiting.length > 0 && waiting.length === underWay) return { state: "waiting", word: "waits" };
  return { state: "transferring", word: "on its way" };
}

function arrived(of: Progress): string {
  const soFar = of.status === "running";
  if (of.files === 0) return soFar ? "No file has arrived yet." : "It ended without a file.";
  return `${files(of.files)} arrived${soFar ? " so far" : ""}, ${withPrefix(of.bytes, "B")}.`;
}

function safe(of: Progress): string | null {
  if (of.files === 0) return null;
  const one = of.files === 1;
  if (of.archived) return `${one ? "It is" : "All are"} safe: in ${archives(of)}.`;
  if (of.files_archived === 0) return `${one ? "It is" : "They are"} not safe yet: in ${archives(of)}.`;
  const others = of.files - of.files_archived;
  return `${grouped(of.files_archived)} of them are safe, in ${grouped(of.archives_wanted ?? 0)} ${of.archives_wanted === 1 ? "archive" : "archives"}; ${grouped(others)} ${others === 1 ? "is" : "are"} not yet.`;
}

/** Return in how many of the wanted archives all is: `1 of 2 archives`. */
function archives({ archives_reached: reached, archives_wanted: wanted }: Progress): string {
  if (wanted === null) return "no archive";
  // More copies than are wanted are as safe as those that are.
  return `${reached === 0 ? "none" : grouped(Math.min(reached, wanted))} of ${grouped(wanted)} ${wanted === 1 ? "archive" : "archives"}`;
}

/** Return what was given up first, as the subject of a sentence. */
function doingOf({ failed }: Progress): string {
  return known(DOINGS, failed[0]?.subject_type ?? "") ?? "Work on it";
}

function held(
  of: Progress,
  { state }: Pick<Arrival, "state">,
  waiting: readonly Package[],
  reasonText: ReasonText,
): string | null {
  if (state === "failed") {
    return of.failed.length > 0
      ? `${doingOf(of)} was given up; what to do stands below.`
      : "An error nobody has acknowledged, or a file nobody has decided on, waits.";
  }
  if (of.files === 0 || of.archived) return null;
  const [oldest] = waiting;
  if (oldest?.waiting_reason != null) {
    const which =
      state === "waiting"
        ? of.files === 1
          ? "It waits"
          : "They wait"
        : `${packages(waiting.length)} wait${waiting.length === 1 ? "s" : ""}`;
    return `${which}: ${reasonText(oldest.waiting_reason)}.`;
  }
  if (of.files_packaged === 0) return null;
  return state === "running" ? null : `${of.files === 1 ? "It is" : "They are"} on the way.`;
}

function files(count: number): string {
  return `${grouped(count)} ${count === 1 ? "file" : "files"}`;
}

function packages(count: number): string {
  return `${grouped(count)} ${count === 1 ? "package" : "packages"}`;
}
