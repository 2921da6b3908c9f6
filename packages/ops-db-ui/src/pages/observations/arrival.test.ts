import { expect, test } from "vitest";
import { arrivalOf } from "~/pages/observations/arrival";
import { PACKAGE, PROGRESS, WAITING } from "~/pages/observations/observations.fixtures";

const under = { ...PROGRESS, archived: false, removed_at_source: false, packages_removed_at_source: 0 };

test.each([
  [
    PROGRESS,
    "archived",
    "403 files filed, 25.0 MB, in 2 packages: both are archived, removed at the source.",
  ],
  [
    { ...PROGRESS, removed_at_source: false },
    "archived",
    "403 files filed, 25.0 MB, in 2 packages: both are archived.",
  ],
  [
    { ...under, packages: 3, packages_archived: 1 },
    "on its way",
    "403 files filed, 25.0 MB, in 3 packages: 1 archived, 2 on the way.",
  ],
  [
    {
      ...under,
      packages: 1,
      packages_archived: 0,
      packages_failed: 1,
      files: 1,
      files_packaged: 1,
      bytes: 500_000,
    },
    "needs somebody",
    "1 file filed, 500 kB, in 1 package: 1 given up.",
  ],
  [
    { ...under, packages: 0, packages_archived: 0, files: 12, files_packaged: 0, status: "running" },
    "running",
    "12 files filed so far, 25.0 MB, not packaged yet.",
  ],
  [
    { ...under, packages: 1, packages_archived: 1, files: 12, files_packaged: 10, status: "running" },
    "running",
    "12 files filed so far, 25.0 MB, in 1 package: it is archived. 2 files in no package yet.",
  ],
  [{ ...under, files: 0, packages: 0, status: "running" }, "running", "No file has been filed yet."],
  [{ ...PROGRESS, files: 0, packages: 0, status: "failed" }, "no data", "It ended without a file."],
] as const)("says what arrived and where it stands: %#", (progress, word, sentence) => {
  expect(arrivalOf({ ...progress, waiting: [], failed: [] })).toMatchObject({ word, sentence });
});

test("packages that wait say why, the one that has waited longest first", () => {
  const progress = { ...under, packages: 3, packages_archived: 1 };
  const later = { ...WAITING, waiting_since: "2026-11-30T05:00:00Z", waiting_detail: "another" };
  expect(arrivalOf(progress, [PACKAGE, later, WAITING])).toEqual({
    state: "waiting",
    word: "waits",
    sentence:
      "403 files filed, 25.0 MB, in 3 packages: 1 archived, 2 wait (route ccat-to-cologne is open 02:00 to 06:00 UTC).",
  });
  expect(arrivalOf(progress, [PACKAGE, WAITING])).toMatchObject({
    word: "on its way",
    sentence: expect.stringContaining("1 archived, 1 on the way, 1 waits (route"),
  });
});

test("work that was given up needs somebody, even while all packages are archived", () => {
  const failed = [{ subject_type: "deletion", subject_id: "d1", message: "no such bucket" }];
  expect(arrivalOf({ ...PROGRESS, failed })).toMatchObject({ state: "failed", word: "needs somebody" });
});
