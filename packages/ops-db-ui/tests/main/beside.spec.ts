import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { misdeeds } from "./support/misdeeds.ts";
import { observe } from "./support/observation.ts";
import { signInAs } from "./support/session.ts";

test.use({ viewport: { width: 2560, height: 1300 } });

const LIST = "/observations?status=completed";

test.beforeAll(async () => {
  for (const name of ["left.fits", "right.fits"]) await observe([name]);
});

/** Return the ids of the first rows, in the order of the list. */
async function firstIds(page: Page): Promise<readonly string[]> {
  const answer = await page.request.get("/api/v1/executed-obs-units?status=completed&limit=2");
  const { items } = (await answer.json()) as { items: readonly { id: string }[] };
  return items.map(({ id }) => id);
}

/** Return the path of the page that the address has open beside the list. */
function besideOf(page: Page): string | null {
  return new URL(page.url()).searchParams.get("pane");
}

test("an observation is looked at beside the list, with the mouse and with keys @long", async ({ page }) => {
  const found = misdeeds(page);
  await signInAs(page, "operator", LIST);
  const [first, second] = await firstIds(page);
  const list = page.getByRole("region", { name: "Observations" });
  const pane = page.getByRole("region", { name: "Beside the list" });
  const title = pane.getByRole("heading", { level: 2 }).first();
  const rows = list.locator("[data-row]");

  await rows.nth(0).getByRole("link").first().click();
  await expect(title).toBeFocused();
  expect(besideOf(page)).toBe(`/observations/${first}`);
  expect(new URL(page.url()).searchParams.get("status")).toBe("completed");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Observations");
  await expect(rows.nth(0)).toHaveAttribute("aria-current", "true");

  const [left, right] = [await list.boundingBox(), await pane.boundingBox()];
  expect((left?.x ?? 0) + (left?.width ?? 0)).toBeLessThanOrEqual(right?.x ?? 0);
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  expect(sideways).toBe(false);
  await expect(pane.getByRole("region", { name: "Packages", exact: true })).toBeVisible();
  expect((await new AxeBuilder({ page }).setLegacyMode().analyze()).violations).toEqual([]);

  await page.keyboard.press("]");
  await expect.poll(() => besideOf(page)).toBe(`/observations/${second}`);
  await expect(title).toBeFocused();
  await page.goBack();
  await expect(rows.nth(0)).toHaveAttribute("aria-current", "true");
  await page.goForward();
  await expect(rows.nth(1)).toHaveAttribute("aria-current", "true");
  await expect(title).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(pane).toHaveCount(0);
  await expect(rows.nth(1)).toBeFocused();
  expect(new URL(page.url()).search).toBe("?status=completed");

  await page.keyboard.press("Enter");
  await expect(title).toBeFocused();
  await page.reload();
  await expect(pane).toBeVisible();
  await pane.getByRole("link", { name: "Open as a page" }).click();
  await expect(page).toHaveURL(`/observations/${second}`);
  await expect(pane).toHaveCount(0);
  expect(found).toEqual([]);
});

test("on a smaller screen the same row leads to its page @long", async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 800 });
  await signInAs(page, "operator", LIST);
  const [first] = await firstIds(page);
  await page
    .getByRole("region", { name: "Observations" })
    .locator("[data-row]")
    .getByRole("link")
    .first()
    .click();
  await expect(page).toHaveURL(`/observations/${first}`);
});
