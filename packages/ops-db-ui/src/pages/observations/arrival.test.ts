import { expect, test } from "vitest";
import { arrivalOf, placesOf } from "~/pages/observations/arrival";
import { GIVEN_UP, PACKAGE, PROGRESS, WAITING } from "~/pages/observations/observations.fixtures";

const said = (code: string) => (code === "link_window_closed" ? "Route is closed now" : code);
const under = {
  ...PROGRESS,
  archived: false,
  removed_at_source: false,
  packages_removed_at_source: 0,
  files_archived: 0,
  archives_reached: 0,
};

test.each([
  [PROGRESS, "archived", "403 files arrived, 25.0 MB. All are safe: in 1 of 1 archive."],
  [
    { ...PROGRESS, archives_reached: 3, archives_wanted: 2 },
    "archived",
    "403 files arrived, 25.0 MB. All are safe: in 2 of 2 archives.",
  ],
  [
    { ...under, packages: 3, packages_archived: 1, files_archived: 200, archives_wanted: 2 },
    "on its way",
    "403 files arrived, 25.0 MB. 200 of them are safe, in 2 archives; 203 are not yet. They are on the way.",
  ],
  [
    { ...under, archives_reached: 1, archives_wanted: 2 },
    "on its way",
    "403 files arrived, 25.0 MB. They are not safe yet: in 1 of 2 archives. They are on the way.",
  ],
  [
    {
      ...under,
      packages: 1,
      packages_archived: 0,
      packages_failed: 1,
      needs_somebody: true,
      files: 1,
      files_packaged: 1,
      bytes: 5,
    },
    "needs somebody",
    "1 file arrived, 5 B. It is not safe yet: in none of 1 archive. An error nobody has acknowledged, or a file nobody has decided on, waits.",
  ],
  [
    { ...under, packages: 0, archives_wanted: null, files: 12, files_packaged: 0, status: "running" },
    "running",
    "12 files arrived so far, 25.0 MB. They are not safe yet: in no archive.",
  ],
  [{ ...under, files: 0, packages: 0, status: "running" }, "running", "No file has arrived yet."],
  [{ ...PROGRESS, files: 0, packages: 0, status: "failed" }, "no data", "It ended without a file."],
] as const)("says what arrived and whether it is safe: %#", (progress, word, sentence) => {
  expect(arrivalOf({ ...progress, waiting: [], failed: [] }, [], said)).toMatchObject({ word, sentence });
});

test("packages that wait say why, the one that has waited longest first", () => {
  const progress = { ...under, packages: 3, packages_archived: 1 };
  const later = { ...WAITING, waiting_since: "2026-11-30T05:00:00Z", waiting_reason: "another" };
  expect(arrivalOf(progress, [PACKAGE, later, WAITING], said)).toEqual({
    state: "waiting",
    word: "waits",
    sentence:
      "403 files arrived, 25.0 MB. They are not safe yet: in none of 1 archive. They wait: Route is closed now.",
  });
  expect(arrivalOf(progress, [PACKAGE, WAITING], said)).toMatchObject({
    word: "on its way",
    sentence: expect.stringContaining("1 package waits: Route is closed now."),
  });
});

test("a package on a stopped route waits, though work on it has begun", () => {
  const stopped = { ...WAITING, state: "transferring" } as const;
  const progress = { ...under, packages: 1, packages_archived: 0 };
  expect(arrivalOf(progress, [stopped], said)).toMatchObject({ state: "waiting", word: "waits" });
});

test("work that was given up needs somebody, even while all packages are archived", () => {
  const failed = [{ subject_type: "deletion", subject_id: "d1", message: "no such bucket" }];
  expect(arrivalOf({ ...PROGRESS, needs_somebody: true, failed }, [], said)).toMatchObject({
    state: "failed",
    word: "needs somebody",
    sentence: expect.stringContaining("A deletion was given up; what to do stands below."),
  });
});

test("what is in no archive is where its copies are, or at its source", () => {
  expect(placesOf([PACKAGE, WAITING, GIVEN_UP])).toEqual(["ccat.output-buffer", GIVEN_UP.source_location]);
});
