import type { Package } from "~/pages/observations/answers";
import { isHeldUp } from "~/pages/observations/moves";

/** What a package has to pass, in this order. */
export const STAGES = [
  { id: "packaged", label: "Packaged" },
  { id: "sent", label: "Sent" },
  { id: "archived", label: "Archived" },
  { id: "removed", label: "Removed at source" },
] as const;

export type StageId = (typeof STAGES)[number]["id"];

/** How a package stands at one stage. */
export interface Stage {
  readonly id: StageId;
  readonly label: string;
  readonly state: "done" | "now" | "wait" | "failed" | "next";
  /** When it was passed, if that is known. */
  readonly at: string | null;
  /** Where, in few words; null where that says nothing. */
  readonly note: string | null;
}

/** States of a copy that is not there. */
const GONE: ReadonlySet<string> = new Set(["missing", "corrupt"]);

/**
 * Return the stages of a package, as its copies tell them.
 *
 * @param siteOf - site of a location; undefined where that is not known
 */
export function stagesOf(of: Package, siteOf: (location: string) => string | undefined): readonly Stage[] {
  const there = of.copies.filter(({ status }) => !GONE.has(status));
  const away = there.filter(({ location }) => (siteOf(location) ?? of.site) !== of.site);
  const archives = there.filter(
    ({ location_type, verified_at }) => location_type === "long_term_archive" && verified_at !== null,
  );
  const isArchived = of.state === "archived";
  const files = of.source_files;
  const passed: Readonly<Record<StageId, Pick<Stage, "at" | "note"> | null>> = {
    packaged: of.sealed_at === null ? null : { at: of.sealed_at, note: null },
    sent:
      away.length > 0 || isArchived
        ? { at: earliest(away.map((copy) => copy.verified_at)), note: null }
        : null,
    archived: isArchived
      ? { at: latest(archives.map((copy) => copy.verified_at)), note: names(archives) }
      : null,
    removed: isArchived && files.present === 0 && files.deleted > 0 ? { at: null, note: null } : null,
  };
  const current = STAGES.find(({ id }) => passed[id] === null)?.id;
  return STAGES.map(({ id, label }) => {
    const how = passed[id];
    if (how !== null) return { id, label, state: "done", ...how };
    return { id, label, state: id === current ? standing(of) : "next", at: null, note: null };
  });
}

/** Whether a package has passed everything: what still waits then concerns spare copies alone. */
export function isThrough(stages: readonly Stage[]): boolean {
  return stages.every(({ state }) => state === "done");
}

function standing(of: Package): "failed" | "wait" | "now" {
  if (of.state === "failed") return "failed";
  return isHeldUp(of.waiting_reason) ? "wait" : "now";
}

function names(copies: readonly { readonly location: string }[]): string | null {
  return copies.length === 0 ? null : copies.map(({ location }) => location).join(", ");
}

function earliest(moments: readonly (string | null)[]): string | null {
  return moments.filter((at) => at !== null).toSorted()[0] ?? null;
}

function latest(moments: readonly (string | null)[]): string | null {
  return (
    moments
      .filter((at) => at !== null)
      .toSorted()
      .at(-1) ?? null
  );
}
