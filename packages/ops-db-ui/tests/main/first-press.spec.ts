import { expect, type Page, test } from "@playwright/test";
import { signInAs } from "./support/session.ts";

/** What stands over pages: it is loaded after the first page. */
const OVERLAYS = "**/assets/parts-*.js";

/** Open the Overview and keep what stands over pages from it; return how to let it come. */
async function openWithout(page: Page): Promise<() => void> {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await signInAs(page, "operator");
  await page.route(OVERLAYS, async (route) => {
    await held;
    await route.continue();
  });
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
  return release;
}

const me = (page: Page) => page.getByRole("button", { name: /^Signed in as/ });

test("the first key opens a menu at its first choice, and the button has the focus afterwards", async ({
  page,
}) => {
  const release = await openWithout(page);
  await me(page).focus();
  await page.keyboard.press("Enter");
  await expect(me(page)).toHaveAttribute("aria-busy", "true");
  await expect(me(page)).toBeFocused();
  release();
  await expect(page.getByRole("menuitemradio", { name: "UTC" })).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitemradio", { name: "Time of the site" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("menu")).toHaveCount(0);
  await expect(me(page)).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitemradio", { name: "UTC" })).toBeFocused();
});

test("the first click opens a menu, the second closes it @long", async ({ page }) => {
  const release = await openWithout(page);
  await me(page).click();
  release();
  await expect(page.getByRole("menu")).toBeVisible();
  await me(page).click({ force: true });
  await expect(page.getByRole("menu")).toHaveCount(0);
  await me(page).click();
  await expect(page.getByRole("menu")).toBeVisible();
});

test("who went on before a menu was there is not called back @long", async ({ page }) => {
  const release = await openWithout(page);
  await me(page).focus();
  await page.keyboard.press("Enter");
  await expect(me(page)).toHaveAttribute("aria-busy", "true");
  await page.keyboard.press("Shift+Tab");
  await expect(me(page)).toHaveAttribute("aria-busy", "false");
  const loaded = page.waitForResponse(OVERLAYS);
  release();
  await (await loaded).finished();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Search" })).toBeFocused();
  await expect(page.getByRole("menu")).toHaveCount(0);
});

test("what is typed before the palette is there is looked for, and Escape leads back", async ({ page }) => {
  const release = await openWithout(page);
  await me(page).focus();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("err");
  release();
  const field = page.getByRole("combobox", { name: "Search" });
  await expect(field).toHaveValue("err");
  await expect(field).toBeFocused();
  await expect(page.getByRole("option", { name: /^Errors/ })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await expect(field).toHaveCount(0);
  await expect(me(page)).toBeFocused();
});

test("a menu that could not be loaded says so over the page, and can be closed @long", async ({ page }) => {
  await signInAs(page, "operator");
  await page.route(OVERLAYS, (route) => route.abort());
  await page.goto("/");
  await me(page).click();
  const told = page.getByRole("dialog", { name: "Choices" });
  await expect(told.getByText(/There is no connection, or/)).toBeVisible();
  await told.getByRole("button", { name: "Close" }).click();
  await expect(told).toHaveCount(0);
  await expect(me(page)).toBeFocused();
});
