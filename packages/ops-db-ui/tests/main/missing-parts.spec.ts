import { expect, type Page, test } from "@playwright/test";
import { signInAs } from "./support/session.ts";

const PARTS = "**/assets/**";

async function goToErrors(page: Page): Promise<void> {
  await page.getByRole("navigation", { name: "Pages" }).first().getByRole("link", { name: "Errors" }).click();
}

test("without a connection a page that was not loaded yet says so, and is loaded afterwards", async ({
  page,
  context,
}) => {
  await signInAs(page, "operator");
  await context.setOffline(true);
  await goToErrors(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("This page could not be loaded");
  await expect(page.getByText(/There is no connection, or/)).toBeVisible();
  await context.setOffline(false);
  await page.getByRole("button", { name: "Reload" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Errors" })).toBeVisible();
});

test("a page whose release was replaced is loaded by itself, once @long", async ({ page }) => {
  await signInAs(page, "operator");
  await page.route("/", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: '<script type="module" src="/assets/index-newer.js"></script>',
    }),
  );
  await page.route(PARTS, (route) => route.abort(), { times: 1 });
  await goToErrors(page);
  await expect(page.getByRole("heading", { level: 1, name: "Errors" })).toBeVisible();
});

test("the palette that could not be loaded says so when it is asked for @long", async ({ page }) => {
  await page.route("**/assets/parts-*.js", (route) => route.abort());
  await signInAs(page, "operator");
  await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
  await page.keyboard.press("Control+k");
  const dialog = page.getByRole("dialog", { name: "Search" });
  await expect(dialog.getByText(/There is no connection, or/)).toBeVisible();
  await page.unroute("**/assets/parts-*.js");
  await dialog.getByRole("button", { name: "Reload" }).click();
  await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Search" })).toBeVisible();
});
