import { expect, test } from "vitest";
import { restOf } from "~/pages/observations/DataStanding";

const none = { archived: 0, failed: 0, transferring: 0, waiting: 0 };

test.each([
  ["archived", { ...none, archived: 2 }, 0, null],
  ["no_files", none, 0, null],
  ["being_filed", none, 1, "1 file not packed"],
  ["being_filed", { ...none, archived: 1 }, 4, "1 of 1 archived, 4 files not packed"],
  [
    "on_the_way",
    { ...none, archived: 1, transferring: 1, waiting: 2 },
    0,
    "1 of 4 archived, 1 moving, 2 waiting",
  ],
  ["failed", { ...none, failed: 1 }, 0, "1 given up"],
] as const)("%s with packages %o and %i loose files: %s", (state, packages, loose, text) => {
  const why = { reason: null, reason_detail: null, reason_since: null };
  expect(restOf({ state, packages, files: 9, bytes: 1, files_unpackaged: loose, ...why })).toBe(text);
});
