import { expect, test } from "vitest";
import { restOf } from "~/pages/observations/DataStanding";

const none = { archived: 0, failed: 0, transferring: 0, waiting: 0 };
const why = { reason: null, reason_detail: null, reason_since: null };

test.each([
  ["archived", { ...none, archived: 2 }, 0, null],
  ["no_files", none, 0, null],
  ["being_filed", none, 1, "1 file not packed"],
  ["being_filed", { ...none, archived: 1 }, 4, "1 of 1 packages archived, 4 files not packed"],
  ["on_the_way", { ...none, transferring: 1 }, 0, null],
  ["on_the_way", { ...none, archived: 1, transferring: 1, waiting: 2 }, 0, "1 of 4 packages archived"],
  ["failed", { ...none, failed: 1 }, 0, null],
  ["failed", { ...none, failed: 1, archived: 2 }, 0, "2 of 3 packages archived, 1 given up"],
] as const)("%s with packages %o and %i loose files: %s", (state, packages, loose, text) => {
  expect(restOf({ state, packages, files: 9, bytes: 1, files_unpackaged: loose, ...why })).toBe(text);
});
