import { expect, test } from "vitest";
import { inUnits, titleOf } from "~/components/event-words";

test.each([
  ["raw_data_files.filed", "Files filed"],
  ["package.formed", "Package formed"],
  ["data_transfer.given_up", "Transfer given up"],
  ["execution.finished", "Observation finished"],
  ["nonsense", "Nonsense"],
  ["", ""],
  ["__proto__.x", "Proto x"],
  ["constructor", "Constructor"],
])("what was done: %s", (action, title) => {
  expect(titleOf(action).replace(/\s+/g, " ").trim()).toBe(title);
});

test.each([
  ["7 files, 46,298,992,320 bytes, part 4", "7 files, 46.3 GB, part 4"],
  ["5 files of 32815195200 bytes filed", "5 files of 32.8 GB filed"],
  ["1,000 of 2,000 bytes in this attempt", "1.00 kB of 2.00 kB in this attempt"],
  ["999 bytes", "999 B"],
  ["no figure", "no figure"],
])("numbers of bytes: %s", (message, readable) => {
  expect(inUnits(message)).toBe(readable);
});
