import type { Tone } from "~/components/states";

/** A step of the life of a thing: something done, a wait, attempts that failed, a failure, what goes on, what comes next, or unknown. */
export interface LifeStep {
  readonly id: string;
  /** When it began; null: not known, or not begun. */
  readonly at: string | null;
  /** When it ended, where it took time. */
  readonly until: string | null;
  readonly title: string;
  readonly detail: string | null;
  readonly who: string | null;
  readonly bytes: number | null;
  /** Bytes that it takes in all, where not all have moved. */
  readonly total?: number | null;
  /** Bytes per second, while it moves. */
  readonly rate?: number | null;
  /** When it ends as far as one can tell, or is tried again. */
  readonly nextAt?: string | null;
  /** What it leads to. */
  readonly subject?: { readonly type: string; readonly id: string } | null;
  readonly kind: "done" | "wait" | "attempt" | "failure" | "now" | "next" | "other";
  readonly tone: Tone;
}

/** A step with what its drawing needs. */
export interface DrawnStep extends LifeStep {
  /** Milliseconds that it took; null: a moment, or not ended. */
  readonly took: number | null;
  /** Milliseconds to the next step during which nothing happened. */
  readonly gap: number;
  /** Share of the free width that it gets: grows with the logarithm of the time to the next step. */
  readonly weight: number;
  /** Part of its width, per cent, that shows what it took; the rest is the gap. */
  readonly part: number;
}

const LEAST_GAP = 1_000;
const LEAST_WIDTH = 144;

/** Return the steps with spans, gaps and widths, each counted to the beginning of the next. */
export function drawnSteps(steps: readonly LifeStep[], now: Date): readonly DrawnStep[] {
  return steps.map((step, index) => {
    const begun = instant(step.at);
    const ended = instant(step.until) ?? (isOpen(step) && begun !== null ? now.getTime() : null);
    const took = begun === null || ended === null ? null : Math.max(0, ended - begun);
    const next = instant(steps[index + 1]?.at ?? null);
    const from = ended ?? begun;
    const gap = from === null || next === null ? 0 : Math.max(0, next - from);
    const own = steepness(took ?? 0);
    const idle = gap < LEAST_GAP ? 0 : steepness(gap);
    const weight = 1 + own + idle;
    return {
      ...step,
      took,
      gap: gap < LEAST_GAP ? 0 : gap,
      weight,
      part: own === 0 ? 0 : (own / (own + idle)) * 100,
    };
  });
}

/**
 * Return the least width of a step so that rows hold about as many steps each: 10 that do not fit into one row stand
 * as 5 and 5, not as 8 and 2. What is left of a row is shared out by weight.
 */
export function leastWidth(steps: number, width: number): number {
  const most = Math.max(1, Math.floor(width / LEAST_WIDTH));
  const rows = Math.ceil(steps / most);
  const inRow = Math.ceil(steps / Math.max(1, rows));
  return Math.max(LEAST_WIDTH, Math.floor(width / (inRow + 1)) + 1);
}

/** Whether a step still goes on, so that its span ends now. */
export function isOpen(step: LifeStep): boolean {
  return step.until === null && (step.kind === "now" || step.kind === "wait");
}

function instant(at: string | null): number | null {
  return at === null ? null : new Date(at).getTime();
}

/** 0 for nothing, about 1 for ten seconds, 5 for a day. */
function steepness(milliseconds: number): number {
  return Math.log10(1 + milliseconds / 1_000);
}
