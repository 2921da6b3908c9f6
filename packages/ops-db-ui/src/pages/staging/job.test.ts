import { expect, test } from "vitest";
import { isOpen, reasonOf, sentenceOf, wordOf, worstOf } from "~/pages/staging/job";
import { COMING, FAILED_ITEM, ITEM, JOB, WAITING_ITEM } from "~/pages/staging/staging.fixtures";
import { nameOf, whatOf } from "~/pages/staging/what";

const open = { ...COMING, items: [ITEM, WAITING_ITEM] };
const CANCELLED_ITEM = { ...FAILED_ITEM, status: "cancelled" as const };
const queued = { ...WAITING_ITEM, waiting_reason: null, waiting_detail: null };

test.each([
  [JOB, "there", "Yes: 1 package, 17.1 MB, verified and unpacked at cologne.processing."],
  [COMING, "on the way", "Not yet: 0 of 1 package is at cologne.processing."],
  [open, "waits", "Not yet: 1 of 2 packages is at cologne.processing."],
  [{ ...open, items: [queued] }, "queued", "Not yet: 0 of 1 package is at cologne.processing."],
  [
    { ...open, state: "failed", items: [ITEM, FAILED_ITEM, FAILED_ITEM] },
    "needs somebody",
    "No: 1 of 3 packages is at cologne.processing. 2 were given up.",
  ],
  [
    { ...open, state: "failed", items: [ITEM, CANCELLED_ITEM] },
    "needs somebody",
    "No: 1 of 2 packages is at cologne.processing. 1 was cancelled.",
  ],
  [{ ...open, state: "cancelled" }, "cancelled", "Cancelled; 1 package had arrived at cologne.processing."],
  [
    { ...open, state: "cancelled", items: [FAILED_ITEM] },
    "cancelled",
    "Cancelled before anything arrived at cologne.processing.",
  ],
] as const)("says how it stands and how far it is: %#", (job, word, sentence) => {
  const one = { ...job, items: [...job.items] };
  expect([wordOf(one)[1], sentenceOf(one)]).toEqual([word, sentence]);
});

test("what holds a job up most is what was given up, then what waits", () => {
  expect(worstOf({ ...open, items: [ITEM, WAITING_ITEM, FAILED_ITEM] })).toBe(FAILED_ITEM);
  expect(worstOf({ ...open, items: [WAITING_ITEM, CANCELLED_ITEM] })).toBe(CANCELLED_ITEM);
  expect([CANCELLED_ITEM, FAILED_ITEM, WAITING_ITEM, ITEM].map(reasonOf)).toEqual([
    "cancelled",
    "given_up",
    WAITING_ITEM.waiting_reason,
    null,
  ]);
  expect(worstOf({ ...open, items: [ITEM, WAITING_ITEM] })).toBe(WAITING_ITEM);
  expect(worstOf(JOB)).toBeNull();
  expect(worstOf({ ...open, state: "cancelled", items: [FAILED_ITEM] })).toBeNull();
});

test("a job is open until its last part has ended", () => {
  expect(isOpen(open)).toBe(true);
  expect(isOpen(JOB)).toBe(false);
});

test("jobs and their parts have the names that people know", () => {
  const file = { ...ITEM, file_id: "f", relative_path: "2026/11/30/scan-1.fits" };
  expect(nameOf(ITEM)).toBe("chai-lfa · part 1");
  expect(nameOf(file)).toBe("scan-1.fits");
  expect(whatOf(JOB)).toBe("Orion-KL_CHAI_CO76");
  expect(whatOf({ ...JOB, execution_id: null, file_id: "f", items: [file] })).toBe(
    "Orion-KL_CHAI_CO76, scan-1.fits",
  );
});
