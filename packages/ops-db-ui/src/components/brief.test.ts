import { expect, test } from "vitest";
import { brief, briefly } from "~/components/brief";

test.each([
  [
    "2026/03/12/019ce291-2910-72af-a4f7-80226ff957a3.tar: the copy has 4 bytes instead of 8; send it again",
    "package 019ce291: the copy has 4 bytes instead of 8",
  ],
  [
    "2026-03-14/019ce9c1-2ff0-72da-8af2-01441d99f6c1/chai-hfa-000004.fits: its checksum is xxh3-128:da0111f2e9692cc01ca1f8e7dde50c63, filed was xxh3-128:1657827fd3e60e970eeaa102dba3ddb2",
    "chai-hfa-000004.fits: its checksum is xxh3-128:da0111…, filed was xxh3-128:165782…",
  ],
  ["no answer in time (s3.example.org:443, 30 s)", "no answer in time (s3.example.org:443, 30 s)"],
])("%s", (message, short) => {
  expect(brief(message)).toBe(short);
});

test("of sentences each is said in short", () => {
  const why =
    "4 copies were found bad; the latest: 2026/03/11/019cdef4-7a50-7aa7-96c0-29eee4b072c6.tar: too short. 9 packages (409 GB) wait for it.";
  expect(briefly(why)).toBe("4 copies were found bad. 9 packages (409 GB) wait for it.");
  expect(briefly("138 packages (6.18 TB) wait for it")).toBe("138 packages (6.18 TB) wait for it.");
});
