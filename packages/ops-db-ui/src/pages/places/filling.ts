import type { components } from "~/api/schema.gen";
import { known, worded } from "~/api/words";
import { withPrefix } from "~/components/quantity";
import { age, span } from "~/time/format";

type Location = components["schemas"]["Location"];
type Policy = components["schemas"]["Policy"];

const DAY = 86_400_000;
/** Shares that are measured differ by a little without anything happening. */
const NOTHING = 1;

/** Return how a place fills, as words; null: not known. */
export function trendOf({ usage }: Location, now: Date): string | null {
  if (usage?.bytes_per_second == null) return null;
  const rate = usage.bytes_per_second;
  if (Math.abs(rate) < NOTHING) return "neither fills nor empties";
  if (rate < 0) return `empties at ${withPrefix(-rate, "B/s")}`;
  const fills = `fills at ${withPrefix(rate, "B/s")}`;
  return usage.full_at === null
    ? fills
    : `${fills}; if that goes on, no room ${age(new Date(usage.full_at), now)}`;
}

/** Whether a place is full within a day if it fills on as it does. */
export function isSoonFull({ usage }: Location, now: Date): boolean {
  return usage?.full_at != null && new Date(usage.full_at).getTime() - now.getTime() < DAY;
}

/** Whether copies are deleted at a place between its watermarks. */
export function isUnderPressure({ deletion_mode }: Location, policy: Policy | null): boolean {
  return deletion_mode === "enabled" && policy?.trigger === "under_pressure";
}

/** Return when copies are deleted at a place, as a sentence. */
export function ruleOf(place: Location, policy: Policy | null): string {
  if (place.location_type === "long_term_archive") return "Nothing is ever deleted from an archive.";
  if (policy === null) return "Nothing is deleted here: the place has no retention policy.";
  const safe = `${policy.min_archive_copies} ${policy.min_archive_copies === 1 ? "archive has" : "archives have"}`;
  const later = policy.retention_time > 0 ? `, and ${span(policy.retention_time * 1_000)} have passed` : "";
  const grace =
    policy.grace_period > 0
      ? ` An operator can stop each deletion for ${span(policy.grace_period * 1_000)}.`
      : "";
  const rules = {
    when_archived: `Copies are deleted as soon as ${safe} a verified copy${later}.`,
    under_pressure: `Copies stay as a cache. Above ${place.watermark_high} % those of which ${safe} a verified copy are deleted, down to ${place.watermark_low} %.`,
    when_unpinned: `Copies are deleted when nobody has pinned them any more${later}.`,
  };
  if (place.deletion_mode !== "enabled") {
    return `The deletion mode is ${place.deletion_mode.replaceAll("_", " ")}: nothing is deleted here, only said.`;
  }
  return (
    (known(rules, policy.trigger) ?? `Copies are deleted by the rule “${worded(policy.trigger)}”.`) + grace
  );
}
