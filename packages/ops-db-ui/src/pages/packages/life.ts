import type { components } from "~/api/schema.gen";
import { known, worded } from "~/api/words";
import type { LifeStep } from "~/components/life-steps";
import type { Tone } from "~/components/states";

type KnownKind = Exclude<LifeStep["kind"], "other">;

/** A step of the life of a package, as the API tells it. */
export type Step = components["schemas"]["LifeStep"];

const TONES: Readonly<Record<KnownKind, Tone>> = {
  done: "ok",
  now: "moving",
  wait: "watch",
  attempt: "watch",
  failure: "act",
  next: "unknown",
};

/**
 * Return the steps of the API as the life line draws them.
 *
 * @param words What a reason for waiting or a category of errors is called.
 */
export function drawable(steps: readonly Step[], words: (code: string) => string): readonly LifeStep[] {
  return steps.map((step, index) => ({
    id: `${index} ${step.subject_id}`,
    at: step.started_at ?? step.created_at,
    until: step.finished_at,
    title: isKnown(step.kind) ? step.title : `${worded(step.kind)}: ${step.title}`,
    detail: detailOf(step, words),
    who: null,
    bytes:
      step.kind === "done" ? step.bytes_total : step.kind === "wait" ? step.bytes_total : step.bytes_done,
    total: step.kind === "now" || step.kind === "failure" ? step.bytes_total : null,
    rate: step.bytes_per_second,
    nextAt: step.next_at,
    subject:
      step.subject_type === "raw_data_package" ? null : { type: step.subject_type, id: step.subject_id },
    kind: isKnown(step.kind) ? step.kind : "other",
    tone: known(TONES, step.kind) ?? "unknown",
  }));
}

function isKnown(kind: string): kind is KnownKind {
  return known(TONES, kind) !== undefined;
}

/** Return the work of a package that was given up and is still to be done; the newest, where there are several. */
export function givenUp(steps: readonly Step[]): Step | undefined {
  return steps.findLast(({ kind, reason }) => kind === "failure" && reason === "given_up");
}

function detailOf(step: Step, words: (code: string) => string): string | null {
  const { kind, reason, detail, attempt, error_category } = step;
  // The whole message of an error stands above; here what kind of error it was is enough.
  const message =
    (kind === "failure" || kind === "attempt") && error_category !== null ? words(error_category) : detail;
  const parts = [
    kind === "wait" && reason !== null ? words(reason) : null,
    message,
    attempt !== null && attempt > 1 ? `${attempt} attempts` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join("; ");
}
