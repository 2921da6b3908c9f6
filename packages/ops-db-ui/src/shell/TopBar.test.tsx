import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { Banners } from "~/shell/Banners";
import { LiveState } from "~/shell/LiveState";
import { answerCall } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, show } from "~tests/show";

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
