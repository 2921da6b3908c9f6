import type { FlowStep } from "~/pages/overview/answers";

/** Thickness of a pipe through which nothing flows, and of the fastest, px. */
export const THINNEST = 2;
export const THICKEST = 32;
/** Height of the drawing and length of one step in it. */
export const HEIGHT = 40;
export const LENGTH = 100;

/** How a step looks: something passes, nothing does, or what is there is held up. */
export type Look = "moving" | "still" | "stopped";

/** A part of the drawing: neighbouring steps of the same look, with the thickness at its ends and at each step. */
export interface Run {
  readonly look: Look;
  readonly first: number;
  readonly sizes: readonly number[];
}

/** Return how a step looks. */
export function lookOfStep(step: FlowStep): Look {
  if (step.stopped_by !== null) return "stopped";
  return step.rate > 0 || step.moving > 0 ? "moving" : "still";
}

/**
 * Return how thick the flow is drawn at each step, px.
 *
 * By the square root of the rate: a tenth of the fastest is still a third of its thickness.
 */
export function thicknesses(rates: readonly number[]): readonly number[] {
  const fastest = Math.max(0, ...rates);
  return rates.map((rate) =>
    fastest === 0 || rate <= 0 ? THINNEST : THINNEST + (THICKEST - THINNEST) * Math.sqrt(rate / fastest),
  );
}

/** Return the parts of the drawing; one part follows the other without a seam. The last step runs out. */
export function runsOf(steps: readonly FlowStep[]): readonly Run[] {
  const sizes = thicknesses(steps.map(({ rate }) => rate));
  const runs: { look: Look; first: number; sizes: number[] }[] = [];
  steps.forEach((step, place) => {
    const look = lookOfStep(step);
    const here = sizes[place] ?? THINNEST;
    const next = sizes[place + 1] ?? here;
    const last = runs.at(-1);
    if (last !== undefined && last.look === look) last.sizes.push(next);
    else runs.push({ look, first: place, sizes: [here, next] });
  });
  return runs;
}

/** Return the two long sides of a run, from left to right. */
export function sides({ first, sizes }: Run): readonly [upper: string, lower: string] {
  const side = (sign: number) =>
    sizes
      .map((size, place) => {
        const x = (first + place) * LENGTH;
        const y = HEIGHT / 2 + (sign * size) / 2;
        if (place === 0) return `M${x} ${y}`;
        const before = HEIGHT / 2 + (sign * (sizes[place - 1] ?? size)) / 2;
        return `C${x - LENGTH / 2} ${before} ${x - LENGTH / 2} ${y} ${x} ${y}`;
      })
      .join(" ");
  return [side(-1), side(1)];
}

/** Return the outline of a run, to be filled. */
export function outline(run: Run): string {
  const [upper] = sides(run);
  const back = { ...run, sizes: [...run.sizes].reverse() };
  const width = (run.first + run.sizes.length - 1) * LENGTH;
  const lower = back.sizes
    .map((size, place) => {
      const x = width - place * LENGTH;
      const y = HEIGHT / 2 + size / 2;
      if (place === 0) return `L${x} ${y}`;
      const before = HEIGHT / 2 + (back.sizes[place - 1] ?? size) / 2;
      return `C${x + LENGTH / 2} ${before} ${x + LENGTH / 2} ${y} ${x} ${y}`;
    })
    .join(" ");
  return `${upper} ${lower} Z`;
}
