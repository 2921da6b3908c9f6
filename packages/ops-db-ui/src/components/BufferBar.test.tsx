import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { BufferBar } from "~/components/BufferBar";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, setMedia, show } from "~tests/show";

const TB = 1e12;

test.each([
  [4.1, "ok", "41 % full, 4.10 TB of 10.0 TB used, 5.90 TB free, deleting begins at 85 % and ends at 70 %"],
  [7.5, "ok", "75 % full, 7.50 TB of 10.0 TB used, 2.50 TB free, deleting begins at 85 % and ends at 70 %"],
  [
    8.5,
    "watch",
    "85 % full, 8.50 TB of 10.0 TB used, 1.50 TB free, deleting begins at 85 % and ends at 70 %",
  ],
  [9.25, "act", "93 % full, 9.25 TB of 10.0 TB used, 750 GB free, deleting begins at 85 % and ends at 70 %"],
  [10.5, "act", "105 % full, 10.5 TB of 10.0 TB used, 0 B free, deleting begins at 85 % and ends at 70 %"],
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
  await expect.element(page.getByText("deletes from 85 % down to 70 % · 500 GB kept free")).toBeVisible();
  await expect
    .element(page.getByRole("meter"))
    .toHaveAttribute(
      "aria-valuetext",
      "60 % full, 6.00 TB of 10.0 TB used, 4.00 TB free, 500 GB of it reserved, deleting begins at 85 % and ends at 70 %, full in 3 d 4 h",
    );
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
