import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { BufferBar } from "~/components/BufferBar";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, setMedia, show } from "~tests/show";

const TB = 1e12;

test.each([
  [4.1, "ok", "41 % full, 4.10 TB of 10.0 TB used, 5.90 TB free, watermarks at 70 % and 85 %"],
  [7.5, "ok", "75 % full, 7.50 TB of 10.0 TB used, 2.50 TB free, watermarks at 70 % and 85 %"],
  [8.5, "watch", "85 % full, 8.50 TB of 10.0 TB used, 1.50 TB free, watermarks at 70 % and 85 %"],
  [9.5, "act", "95 % full, 9.50 TB of 10.0 TB used, 500 GB free, watermarks at 70 % and 85 %"],
  [10.5, "act", "105 % full, 10.5 TB of 10.0 TB used, 0 B free, watermarks at 70 % and 85 %"],
])("%d of 10 TB used: %s", async (used, tone, words) => {
  await show(<BufferBar label="buffer" used={used * TB} total={10 * TB} low={70} high={85} />);
  const meter = page.getByRole("meter", { name: "buffer" });
  await expect.element(meter).toHaveAttribute("aria-valuetext", words);
  expect(document.querySelector("[data-tone]")?.getAttribute("data-tone")).toBe(tone);
  await expectAccessible();
});

test("says what is kept free and what comes", async () => {
  await show(
    <BufferBar
      label="buffer"
      used={6 * TB}
      total={10 * TB}
      low={70}
      high={85}
      reserved={TB / 2}
      forecast="full in 3 d 4 h"
    />,
  );
  await expect.element(page.getByText("full in 3 d 4 h")).toBeVisible();
  await expect.element(page.getByText("500 GB kept free for what is under way")).toBeVisible();
  await expect.element(page.getByText("lower watermark, 70 %")).toBeVisible();
  await expect
    .element(page.getByRole("meter"))
    .toHaveAttribute(
      "aria-valuetext",
      "60 % full, 6.00 TB of 10.0 TB used, 4.00 TB free, 500 GB of it reserved, watermarks at 70 % and 85 %, full in 3 d 4 h",
    );
});

test("what is not deleted between watermarks shows none", async () => {
  await show(
    <BufferBar label="buffer" used={6 * TB} total={10 * TB} low={70} high={85} hasWatermarks={false} />,
  );
  await expect
    .element(page.getByRole("meter"))
    .toHaveAttribute("aria-valuetext", "60 % full, 6.00 TB of 10.0 TB used, 4.00 TB free");
  expect(page.getByText(/watermark/).elements()).toEqual([]);
});

test("a sign stands beside what is to be watched", async () => {
  await show(<BufferBar label="buffer" used={9 * TB} total={10 * TB} low={70} high={85} />);
  await expect.element(page.getByRole("meter")).toBeVisible();
  expect(document.querySelectorAll("p svg")).toHaveLength(1);
});

test("not measured is said, and no bar is drawn", async () => {
  await show(<BufferBar label="buffer" used={null} total={10 * TB} low={70} high={85} />);
  await expect.element(page.getByText("Usage not measured")).toBeVisible();
  expect(page.getByRole("meter").elements()).toHaveLength(0);
});

test("without a limit only what is used is said", async () => {
  await show(<BufferBar label="archive" used={3 * TB} total={null} low={70} high={85} />);
  await expect.element(page.getByText("3.00 TB used, no limit known")).toBeVisible();
});

test("stays inside a narrow window", async () => {
  await show(
    <BufferBar label={HOSTILE.long} used={TB} total={10 * TB} low={84} high={85} forecast="full in 3 d" />,
    {
      width: "narrow",
    },
  );
  await expect.element(page.getByRole("meter")).toBeVisible();
  expectNoSidewaysScroll();
});

test("with forced colours used and free still differ", async () => {
  await setMedia("forced-colors", "active");
  await show(<BufferBar label="buffer" used={5 * TB} total={10 * TB} low={70} high={85} />);
  await expect.element(page.getByRole("meter")).toBeVisible();
  const [track, , used] = [...document.querySelectorAll("[role=meter] rect")].map(
    (rect) => getComputedStyle(rect).fill,
  );
  expect(used).not.toBe(track);
  await setMedia("forced-colors", "none");
});

test("what is full within a day needs somebody, as the verdict says, unless it is half empty", async () => {
  const bar = { label: "buffer", total: 10 * TB, low: 70, high: 85, isSoonFull: true };
  await show(
    <>
      <BufferBar {...bar} used={6 * TB} />
      <BufferBar {...bar} used={4 * TB} />
    </>,
  );
  await expect.element(page.getByRole("meter").first()).toBeVisible();
  expect([...document.querySelectorAll("[data-tone]")].map((one) => one.getAttribute("data-tone"))).toEqual([
    "act",
    "ok",
  ]);
});

test("says when copies are deleted there", async () => {
  const rule = "Copies are deleted as soon as 2 archives have a verified copy.";
  await show(<BufferBar label="buffer" used={TB} total={10 * TB} low={70} high={85} rule={rule} />);
  await expect.element(page.getByText(rule)).toBeVisible();
});
