import { expect, test } from "vitest";
import { drawnSteps, isOpen, type LifeStep, leastWidth } from "~/components/life-steps";

const NOW = new Date("2026-03-02T12:00:00Z");
const STEP: LifeStep = {
  id: "1",
  at: "2026-03-02T10:00:00Z",
  until: null,
  title: "Filed",
  detail: null,
  who: null,
  bytes: null,
  kind: "done",
  tone: "ok",
};

test("a moment takes no time, and its gap goes to the beginning of the next step", () => {
  const [first] = drawnSteps([STEP, { ...STEP, id: "2", at: "2026-03-02T10:01:00Z" }], NOW);
  expect(first).toMatchObject({ took: null, gap: 60_000, part: 0 });
});

test("a step with an end takes its time, and the gap begins at the end", () => {
  const [first] = drawnSteps(
    [
      { ...STEP, until: "2026-03-02T10:00:40Z" },
      { ...STEP, id: "2", at: "2026-03-02T10:01:00Z" },
    ],
    NOW,
  );
  expect(first).toMatchObject({ took: 40_000, gap: 20_000 });
});

test("what goes on has taken the time until now", () => {
  expect(drawnSteps([{ ...STEP, kind: "now" }], NOW)[0]?.took).toBe(7_200_000);
  expect(drawnSteps([{ ...STEP, kind: "wait" }], NOW)[0]?.took).toBe(7_200_000);
});

test("a failure without an end is a moment", () => {
  expect(drawnSteps([{ ...STEP, kind: "failure" }], NOW)[0]?.took).toBeNull();
});

test("what comes next has neither span nor gap", () => {
  expect(drawnSteps([{ ...STEP, at: null, kind: "next" }], NOW)[0]).toMatchObject({
    took: null,
    gap: 0,
    part: 0,
  });
});

test("gaps of less than a second are none", () => {
  const [first] = drawnSteps([STEP, { ...STEP, id: "2", at: "2026-03-02T10:00:00.900Z" }], NOW);
  expect(first?.gap).toBe(0);
});

test("clocks that disagree make no negative spans", () => {
  const [first] = drawnSteps(
    [
      { ...STEP, until: "2026-03-02T09:59:00Z" },
      { ...STEP, id: "2", at: "2026-03-02T09:58:00Z" },
    ],
    NOW,
  );
  expect(first).toMatchObject({ took: 0, gap: 0 });
});

test("longer steps are wider, by far less than they are longer", () => {
  const weights = drawnSteps(
    [
      { ...STEP, until: "2026-03-02T10:00:09Z" },
      { ...STEP, id: "2", until: "2026-03-02T10:16:39Z" },
    ],
    NOW,
  ).map((step) => step.weight);
  expect(weights[0]).toBeCloseTo(2, 9);
  expect(weights[1]).toBeCloseTo(4, 9);
});

test.each([
  ["wait", null, true],
  ["now", null, true],
  ["wait", "2026-03-02T11:00:00Z", false],
  ["done", null, false],
  ["next", null, false],
] as const)("%s with the end %s is open: %s", (kind, until, open) => {
  expect(isOpen({ ...STEP, kind, until })).toBe(open);
});

test.each([
  // Everything fits into one row.
  [5, 1_000, 167],
  // 10 do not fit into 8 places: two rows of 5.
  [10, 1_233, 206],
  // Narrower than one step: the least width stays.
  [4, 100, 144],
  [0, 1_000, 1_001],
])("%d steps in %d px are at least %d px wide", (steps, width, least) => {
  expect(leastWidth(steps, width)).toBe(least);
});
