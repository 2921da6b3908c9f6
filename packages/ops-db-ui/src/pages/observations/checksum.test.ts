import { expect, test } from "vitest";
import { checkerOf, checksumLine } from "~/pages/observations/checksum";

test("a line is what sha256sum and its like check", () => {
  const file = { checksum: "sha256:00ff", relative_path: "night/observer notes.txt" };
  expect(checksumLine(file)).toBe("00ff  night/observer notes.txt");
});

test("a name that would break the line is escaped as GNU coreutils do", () => {
  expect(checksumLine({ checksum: "md5:0a", relative_path: "a\\b\nc\rd" })).toBe("\\0a  a\\\\b\\nc\\rd");
});

test.each([
  ["xxh3-128:00", "xxh128sum"],
  ["sha256:00", "sha256sum"],
  ["blake3:00", "b3sum"],
  ["md5:00", "md5sum"],
  ["crc32c:00", null],
])("%s is checked by %s", (checksum, program) => {
  expect(checkerOf(checksum)).toBe(program);
});
