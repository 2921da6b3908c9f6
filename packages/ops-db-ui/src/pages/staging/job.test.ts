import { expect, test } from "vitest";
import { isOpen, sentenceOf, worstOf } from "~/pages/staging/job";
import { FAILED_ITEM, ITEM, JOB, WAITING_ITEM } from "~/pages/staging/staging.fixtures";

const open = { ...JOB, state: "in_progress", items: [ITEM, WAITING_ITEM] } as const;

test.each([
  [JOB, "1 package verified and unpacked at cologne.processing, 17.1 MB."],
  [open, "2 packages: 1 at cologne.processing, 1 on the way."],
  [{ ...open, state: "pending", items: [WAITING_ITEM] }, "1 package, not at cologne.processing yet."],
  [
    { ...open, state: "pending", items: [WAITING_ITEM, WAITING_ITEM] },
    "2 packages, none at cologne.processing yet.",
  ],
  [
    { ...open, state: "failed", items: [ITEM, FAILED_ITEM, FAILED_ITEM] },
    "3 packages: 1 at cologne.processing, 2 given up.",
  ],
  [{ ...open, state: "cancelled" }, "Cancelled; 1 package had arrived at cologne.processing."],
  [
    { ...open, state: "cancelled", items: [FAILED_ITEM] },
    "Cancelled before anything arrived at cologne.processing.",
  ],
] as const)("says how far it is: %#", (job, sentence) => {
  expect(sentenceOf({ ...job, items: [...job.items] })).toBe(sentence);
});

test("what holds a job up most is what was given up, then what waits", () => {
  expect(worstOf({ ...open, items: [ITEM, WAITING_ITEM, FAILED_ITEM] })).toBe(FAILED_ITEM);
  expect(worstOf({ ...open, items: [ITEM, WAITING_ITEM] })).toBe(WAITING_ITEM);
  expect(worstOf(JOB)).toBeNull();
  expect(worstOf({ ...open, state: "cancelled", items: [FAILED_ITEM] })).toBeNull();
});

test("a job is open until its last part has ended", () => {
  expect(isOpen({ ...open, items: [...open.items] })).toBe(true);
  expect(isOpen(JOB)).toBe(false);
});
