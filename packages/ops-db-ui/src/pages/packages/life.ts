import type { components } from "~/api/schema.gen";
import type { LifeStep } from "~/components/life-steps";
import type { Tone } from "~/components/states";

type Step = components["schemas"]["LifeStep"];

const TONES: Readonly<Record<Step["kind"], Tone>> = {
  done: "ok",
  now: "moving",
  wait: "unknown",
  failure: "act",
  next: "unknown",
};

/** Return the steps of the API as the life line draws them. */
export function drawable(steps: readonly Step[]): readonly LifeStep[] {
  return steps.map((step, index) => ({
    id: `${index} ${step.subject_id}`,
    at: step.started_at ?? step.created_at,
    until: step.finished_at,
    title: step.title,
    detail: detailOf(step),
    who: null,
    bytes: step.bytes_total,
    kind: step.kind,
    tone: TONES[step.kind],
  }));
}

function detailOf({ reason, detail, attempt }: Step): string | null {
  const parts = [
    reason?.replaceAll("_", " ") ?? null,
    detail,
    attempt !== null && attempt > 1 ? `attempt ${attempt}` : null,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join("; ");
}
