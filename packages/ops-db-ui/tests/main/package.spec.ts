import { expect, test } from "@playwright/test";
import { misdeeds } from "./support/misdeeds.ts";
import { observe } from "./support/observation.ts";
import { signIn } from "./support/session.ts";

test("a package is followed from the Overview to its archive @everywhere", async ({ page }) => {
  const found = misdeeds(page);
  const { id } = await observe(["followed.fits"]);
  await signIn(page);
  // The heading of the Overview is its verdict.
  await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
  await expect(page.getByRole("heading", { name: "Flow" })).toBeVisible();

  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Observations" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Observations" })).toBeVisible();
  // Several observations of one unit have the same name; the address tells them apart.
  const address = page.locator(`[href="/observations/${id}"]`);
  await page.getByRole("main").getByRole("link").and(address).first().click();

  const packages = page.getByRole("region", { name: "Packages", exact: true });
  await packages
    .getByRole("link", { name: /part 1/ })
    .first()
    .click();
  await expect(page.getByRole("heading", { level: 1, name: /^Package/ })).toBeVisible();
  await expect(page.getByRole("figure", { name: /life line/i })).toContainText("Archived at");
  await expect(page.getByRole("region", { name: "Where it is" })).toContainText("archived");
  expect(found).toEqual([]);
});
