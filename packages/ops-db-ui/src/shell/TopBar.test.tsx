import { beforeEach, expect, test, vi } from "vitest";
import { page } from "vitest/browser";
import { AT, badNight } from "~/pages/overview/nights.fixtures";
import { Banners } from "~/shell/Banners";
import { LiveState } from "~/shell/LiveState";
import { TopBar } from "~/shell/TopBar";
import { answer, answerCall } from "~tests/answers";
import { stopClock } from "~tests/clock";
import { expectAccessible, expectNoSidewaysScroll, show } from "~tests/show";

// The clock stands, however long a loaded machine takes.
beforeEach(() => {
  stopClock(AT);
});

test("answers arrive: live", async () => {
  await show(<LiveState />);
  await expect.element(page.getByText("live", { exact: true })).toBeVisible();
  await expectAccessible();
});

test("no answer for a while is said, with how long", async () => {
  await show(<LiveState />, { answered: 65_000 });
  await expect.element(page.getByText(/no answer/)).toBeVisible();
  await expect.element(page.getByText(/^for 1 min/)).toBeVisible();
  await expectAccessible();
});

test("without a network it is said that the browser is offline, with how long", async () => {
  const network = vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
  await show(<LiveState />, { answered: 12_000 });
  await expect.element(page.getByRole("status")).toMatchTextContent("offlinefor 12 s");
  await expectAccessible();
  network.mockRestore();
});

test("a database that is not set up is said on every page", async () => {
  answerCall("GET /api/v1/status", 503, {
    type: "x/database-unavailable",
    title: "Database unavailable",
    status: 503,
    detail: "the database is not set up for this release yet",
    instance: "/",
    request_id: "r",
  });
  await show(<Banners />, { width: "narrow" });
  await expect.element(page.getByRole("alert")).toBeVisible();
  await expect
    .element(page.getByText(/not ready: the database is not set up for this release yet\./))
    .toBeVisible();
  expectNoSidewaysScroll();
  await expectAccessible();
});

/** What of the bar reaches over its right end, or is cut off inside it. */
function cutOff(): readonly string[] {
  const bar = page.getByRole("banner").element();
  const end = bar.getBoundingClientRect().right;
  return [...bar.querySelectorAll("*")]
    .filter((part) => part.getBoundingClientRect().right > end || part.scrollWidth > part.clientWidth + 1)
    .filter((part) => part.clientWidth > 1)
    .map((part) => part.outerHTML);
}

test.each(["narrow", "normal"] as const)("verdict, live and the time fit, %s", async (width) => {
  const attention = Array.from({ length: 12 }, (_, at) => ({ ...badNight.attention[0], key: String(at) }));
  answer("/api/v1/status", { ...badNight, attention: attention as never });
  await show(<TopBar />, { width });
  await expect.element(page.getByRole("link", { name: "Verdict: act 12. Overview" })).toBeVisible();
  await expect.element(page.getByRole("timer")).toBeVisible();
  await expect.element(page.getByText("live", { exact: true })).toBeVisible();
  expect(cutOff()).toEqual([]);
  expectNoSidewaysScroll();
  await expectAccessible();
});

test.each(["narrow", "normal"] as const)("since when there is no answer fits, %s", async (width) => {
  answerCall("GET /api/v1/status", 502, "<html>");
  await show(<TopBar />, { width, answered: 86_390_000 });
  await expect.element(page.getByText(/^for 23 h 59 min/)).toBeVisible();
  await expect.element(page.getByRole("link", { name: "Verdict: unknown. Overview" })).toBeVisible();
  expect(cutOff()).toEqual([]);
  expectNoSidewaysScroll();
  await expectAccessible();
});
