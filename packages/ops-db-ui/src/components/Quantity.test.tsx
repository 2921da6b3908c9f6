import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { Bytes, Count, Rate } from "~/components/Quantity";
import { expectAccessible, show } from "~tests/show";

test("bytes have three digits, and are exact in the hint", async () => {
  await show(<Bytes value={12_345_678_901} />);
  await page.getByText("12.3 GB").click();
  await expect.element(page.getByText(/^12\s345\s678\s901 bytes$/)).toBeVisible();
  await expectAccessible();
});

test("a rate has its unit", async () => {
  await show(<Rate value={93_000_000} />);
  await page.getByText("93.0 MB/s").click();
  await expect.element(page.getByText(/^93\s000\s000 bytes\/s$/)).toBeVisible();
});

test.each([
  [0, "0 files"],
  [1, "1 file"],
  [1_204, "1\u202f204 files"],
])("%i is counted as %s", async (value, words) => {
  await show(<Count value={value} one="file" />);
  await expect.element(page.getByText(words, { exact: true })).toBeVisible();
});

test("a plural that is not made with s is given", async () => {
  await show(<Count value={2} one="copy" many="copies" />);
  await expect.element(page.getByText("2 copies")).toBeVisible();
});

test.each([
  ["bytes", <Bytes key="bytes" value={null} />],
  ["a rate", <Rate key="rate" value={undefined} />],
  ["a count", <Count key="count" value={null} one="file" />],
])("%s that are not known are no nought", async (_name, ui) => {
  await show(ui);
  await expect.element(page.getByText("unknown")).toBeInTheDocument();
  expect(document.body.textContent).not.toContain("0");
});
