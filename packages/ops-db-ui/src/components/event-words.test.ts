import { expect, test } from "vitest";
import { inUnits, titleOf, toldOf } from "~/components/event-words";

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
  [
    "the copy has 46271561728 bytes instead of 46279219968; x",
    "the copy has 7.66 MB less than the 46.3 GB it should have; x",
  ],
  ["5 bytes instead of 3", "2 B more than the 3 B it should have"],
  ["999 bytes", "999 B"],
  ["no figure", "no figure"],
])("numbers of bytes: %s", (message, readable) => {
  expect(inUnits(message)).toBe(readable);
});

test.each([
  ["copy.verified", "verified at us.lta by full read", "at us.lta by full read"],
  ["package.archived", "verified at us.lta by full read", "verified at us.lta by full read"],
  ["data_transfer.given_up", "given up after 1,024 bytes", "after 1.02 kB"],
  ["execution", "execution", "execution"],
])("beside the heading of %s nothing is said again", (action, message, told) => {
  expect(toldOf(action, message)).toBe(told);
});
