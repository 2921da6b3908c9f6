import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { Progress } from "~/components/Progress";
import { expectAccessible, show } from "~tests/show";

test.each([
  [0, 1_204, "things", "0 of 1\u202f204 files, 0 %", "0"],
  [312, 1_204, "things", "312 of 1\u202f204 files, 26 %", "25"],
  [1_203, 1_204, "things", "1\u202f203 of 1\u202f204 files, > 99 %", "99"],
  [1_204, 1_204, "things", "1\u202f204 of 1\u202f204 files, 100 %", "100"],
  [4_000_000, 8_000_000, "bytes", "4.00 MB of 8.00 MB files, 50 %", "50"],
] as const)("%i of %i %s", async (done, total, unit, words, now) => {
  await show(<Progress done={done} total={total} unit={unit} label="files" />);
  const bar = page.getByRole("progressbar", { name: "files" });
  await expect.element(bar).toHaveAttribute("aria-valuetext", words);
  await expect.element(bar).toHaveAttribute("aria-valuenow", now);
  await expectAccessible();
});

test("without a known whole there is a figure and no bar", async () => {
  await show(<Progress done={12} total={null} label="files" />);
  await expect.element(page.getByText("12 files")).toBeVisible();
  expect(page.getByRole("progressbar").elements()).toHaveLength(0);
});

test("more than the whole fills the bar and no more", async () => {
  await show(<Progress done={11} total={10} label="files" />);
  const bar = page.getByRole("progressbar").element();
  const inner = bar.firstElementChild;
  expect(inner?.getBoundingClientRect().width).toBe(bar.getBoundingClientRect().width);
});

test("where its column says what is done, the bar has a name all the same", async () => {
  await show(<Progress done={1} total={4} label="" unit="bytes" />);
  const bar = page.getByRole("progressbar", { name: "done" });
  await expect.element(bar).toHaveAttribute("aria-valuetext", "1 B of 4 B, 25 %");
  await expectAccessible();
});
