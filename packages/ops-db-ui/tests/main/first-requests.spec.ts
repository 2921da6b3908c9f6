import { expect, type Page, test } from "@playwright/test";
import { signInAs } from "./support/session.ts";

/** Note what a page asks of the API. */
function requestsOf(page: Page): readonly string[] {
  const asked: string[] = [];
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith("/api/")) asked.push(pathname);
  });
  return asked;
}

test("without a session it is asked who is there, and nothing more", async ({ page }) => {
  const asked = requestsOf(page);
  await page.goto("/");
  await expect(page.getByLabel("API token")).toBeVisible();
  expect(asked.filter((path) => !path.includes("/auth/"))).toEqual(["/api/v1/me"]);
});

test("with a session that and the verdict are asked for once, before the program is there", async ({
  page,
}) => {
  await signInAs(page, "operator");
  // The page after the sign-in asks on, until it is left.
  await page.goto("about:blank");
  const asked = requestsOf(page);
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/assets/index-*.js", async (route) => {
    await held;
    await route.continue();
  });
  const verdict = page.waitForResponse("**/api/v1/status");
  const opened = page.goto("/");
  await verdict;
  expect(asked).toEqual(["/api/v1/me", "/api/v1/status"]);
  release();
  await opened;
  await expect(page.getByRole("link", { name: /^Verdict: (green|watch|act)/ })).toBeVisible();
  expect(asked.filter((path) => /me$|status$/.test(path))).toEqual(["/api/v1/me", "/api/v1/status"]);
});
