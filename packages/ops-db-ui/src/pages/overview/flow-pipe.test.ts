import { expect, test } from "vitest";
import type { FlowStep } from "~/pages/overview/answers";
import { lookOfStep, outline, runsOf, THICKEST, THINNEST, thicknesses } from "~/pages/overview/flow-pipe";

function step(own: Partial<FlowStep>): FlowStep {
  return { step: "link", packages: 1, bytes: 1, moving: 0, rate: 0, given_up: 0, stopped_by: null, ...own };
}

test("the fastest step is the thickest, and one without a rate is the thinnest", () => {
  expect(thicknesses([100, 25, 0])).toEqual([THICKEST, (THICKEST + THINNEST) / 2, THINNEST]);
  expect(thicknesses([0, 0])).toEqual([THINNEST, THINNEST]);
});

test("a step moves while something passes or is under way, and is stopped when the API says so", () => {
  expect(lookOfStep(step({ rate: 1 }))).toBe("moving");
  expect(lookOfStep(step({ moving: 1 }))).toBe("moving");
  expect(lookOfStep(step({}))).toBe("still");
  const stop = { reason: "no_worker", text: "No worker takes it", where: null, count: 3 };
  expect(lookOfStep(step({ rate: 1, stopped_by: stop }))).toBe("stopped");
});

test("steps of one look are drawn as one part, and parts meet in the same thickness", () => {
  const stop = { reason: "no_worker", text: "No worker takes it", where: null, count: 3 };
  const runs = runsOf([step({ rate: 4 }), step({ rate: 4 }), step({ rate: 1, stopped_by: stop }), step({})]);
  expect(runs.map(({ look, first }) => [look, first])).toEqual([
    ["moving", 0],
    ["stopped", 2],
    ["still", 3],
  ]);
  expect(runs[0]?.sizes.at(-1)).toBe(runs[1]?.sizes[0]);
  expect(runs[1]?.sizes.at(-1)).toBe(runs[2]?.sizes[0]);
});

test("an outline goes there along the upper side and back along the lower one", () => {
  expect(outline({ look: "moving", first: 1, sizes: [4, 8] })).toBe(
    "M100 18 C150 18 150 16 200 16 L200 24 C150 24 150 22 100 22 Z",
  );
});
