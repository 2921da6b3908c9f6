import { expect, type Locator, type Page, test } from "@playwright/test";
import { ccat } from "./support/ccat.ts";
import { variable } from "./support/environment.ts";
import { type Observation, observe, write } from "./support/observation.ts";
import { giveToken, signIn, signInAs } from "./support/session.ts";

const ARCHIVE = "cologne.lta";

test("what waits says why, and goes on when the place is back in service", async ({ page }) => {
  await signIn(page, `/places/locations/${ARCHIVE}`);
  await suspend(page, "its power supply is exchanged");
  try {
    const { id } = await observe(["waits.fits"]);
    await page.goto(`/observations/${id}`);
    await expect(page.getByRole("main")).toContainText("No route to an archive");
    await page.keyboard.press("w");
    const why = page.getByRole("dialog", { name: "Why: No route to an archive" });
    await expect(why).toContainText("no route leads from its site");
    await page.keyboard.press("Escape");
    await expect(why).toHaveCount(0);
    await page.goto(`/places/locations/${ARCHIVE}`);
    await expect(page.getByRole("main")).toContainText("its power supply is exchanged");
    await resume(page);
    await page.goto(`/observations/${id}`);
    await expect(
      page.getByRole("region", { name: "Did the files arrive, and are they safe?" }),
    ).toContainText("archived");
    await ccat("person", "wait", "--execution", id, "--for", "archived", "--timeout", "150");
  } finally {
    await page.goto(`/places/locations/${ARCHIVE}`);
    await page.getByRole("button", { name: /^(Suspend|Resume)$/ }).waitFor();
    if (await page.getByRole("button", { name: "Resume" }).isVisible()) await resume(page);
  }
});

test("a file that is not as it was filed is acknowledged, given back and read again at once @long", async ({
  page,
}) => {
  const since = new Date().toISOString();
  const bad = await observe(["good.fits", "bad.fits"], spoil);
  await signIn(page, `/observations/${bad.id}`);
  const safe = page.getByRole("region", { name: "Did the files arrive, and are they safe?" });
  await expect(safe).toContainText("A file is not as it was filed");

  await page.goto("/errors");
  await page
    .getByRole("link", { name: /bad\.fits/ })
    .first()
    .click();
  // The list has such buttons, too.
  const wrong = page.getByRole("region", { name: "What is wrong" });
  await wrong.getByRole("button", { name: "Acknowledge", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Acknowledge", exact: true }).click();
  await expect(page.getByRole("main")).toContainText("developer");

  write(bad.folder, "bad.fits", bad.files.get("bad.fits") ?? Buffer.of());
  await page.goto(`/work?reason=file_not_as_filed&waiting_since=${since}&by=none`);
  await page
    .getByRole("main")
    .getByRole("link", { name: /IRC10216/ })
    .first()
    .click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Package creation");
  await page.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Retry" }).click();
  await page.goto(`/observations/${bad.id}`);
  await expect(safe).toContainText("archived");
});

test("work is cancelled and retried for ticked rows, and retried for all of a kind @long", async ({
  page,
}) => {
  await signIn(page);
  const since = new Date().toISOString();
  const bad: Observation[] = [];
  for (let count = 0; count < 3; count += 1) bad.push(await observe(["bad.fits"], spoil));
  await page.goto(`/work?reason=file_not_as_filed&waiting_since=${since}&by=none`);
  const ticks = page.getByRole("checkbox", { name: "Select this row" });
  await expect(ticks).toHaveCount(bad.length);
  const ticked = page.getByRole("region", { name: "Selected rows" });
  for (let row = 0; row < bad.length; row += 1) await ticks.nth(row).check();
  await change(page, ticked, "Cancel", "3 package creations");
  for (const { folder, files } of bad) write(folder, "bad.fits", files.get("bad.fits") ?? Buffer.of());

  const cancelled = `/work?status=cancelled&waiting_since=${since}`;
  await page.goto(`${cancelled}&by=none`);
  await expect(ticks).toHaveCount(bad.length);
  await ticks.nth(0).check();
  await ticks.nth(1).check();
  await change(page, ticked, "Retry", "2 package creations");
  await expect(ticks).toHaveCount(1);

  await page.goto(`${cancelled}&by=kind`);
  await change(page, page.getByRole("listitem"), "Retry", "1 package creation");
  await expect(page.getByText("None match.")).toBeVisible();
  for (const { id } of bad) {
    await ccat("person", "wait", "--execution", id, "--for", "archived", "--timeout", "150");
  }
});

test("a viewer is refused what an operator may do", async ({ page }) => {
  await signInAs(page, "viewer", `/places/locations/${ARCHIVE}`);
  const button = page.getByRole("button", { name: "Suspend" });
  await expect(button).toHaveAttribute("aria-disabled", "true");
  await expect(button).toHaveAccessibleDescription(/manage:locations/);
  const refused = await page.evaluate(async (place) => {
    const me = (await (await fetch("/api/v1/me")).json()) as { csrf_token: string };
    const answer = await fetch(`/api/v1/data-locations/${place}:suspend`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-CSRF-Token": me.csrf_token },
      body: JSON.stringify({ reason: "not mine to say" }),
    });
    return answer.status;
  }, ARCHIVE);
  expect(refused).toBe(403);
});

test("a session that ends comes back without losing the page", async ({ page, context }) => {
  await signIn(page, "/observations?program=GEco");
  await expect(page.getByRole("heading", { level: 1, name: "Observations" })).toBeVisible();
  await context.clearCookies();
  await expect(page.getByRole("dialog", { name: "Your session has ended" })).toBeVisible();
  await expect(page).toHaveURL(/\/observations\?.*program=GEco/);
  await giveToken(page);
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page).toHaveURL(/\/observations\?.*program=GEco/);
  await expect(page.getByRole("link", { name: "Overview" }).first()).toBeVisible();
});

test("the main job is done with the keyboard alone", async ({ page }) => {
  const { id } = await observe(["keyboard.fits"]);
  await page.goto("/");
  const token = page.getByLabel("API token");
  await token.waitFor();
  while (!(await token.evaluate((field) => field === document.activeElement))) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type(variable("CCAT_API_TOKEN"));
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Pages" }).first().waitFor();
  await page.keyboard.press("Control+k");
  const search = page.getByRole("combobox", { name: "Search" });
  await expect(search).toBeFocused();
  await page.keyboard.type(id);
  await expect(search).toHaveValue(id);
  await expect(page.getByRole("option", { selected: true })).toContainText("IRC10216");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`/observations/${id}`));
  await expect(page.getByRole("region", { name: "Did the files arrive, and are they safe?" })).toContainText(
    "archived",
  );
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
});

/** Retry or cancel what a button is for, with a reason, once the dialog has said how much that is. */
async function change(page: Page, within: Locator, verb: "Retry" | "Cancel", what: string): Promise<void> {
  await within.getByRole("button", { name: `${verb} ${what}` }).click();
  const dialog = page.getByRole("dialog", { name: `${verb} ${what}?` });
  await expect(dialog.getByRole("listitem").filter({ hasText: what })).toBeVisible();
  await dialog.getByRole("textbox", { name: "Reason" }).fill("the files are as they were filed");
  await dialog.getByRole("button", { name: `${verb} ${what}` }).click();
  await expect(page.getByText(/^[123] (retried|cancelled)$/)).toBeVisible();
}

function spoil({ folder, files }: Observation): void {
  const content = Buffer.from(files.get("bad.fits") ?? Buffer.of());
  content[0] = (content[0] ?? 0) ^ 1;
  write(folder, "bad.fits", content);
}

async function suspend(page: Page, reason: string): Promise<void> {
  await page.getByRole("button", { name: "Suspend" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: /reason/i }).fill(reason);
  await dialog.getByRole("button", { name: "Suspend" }).click();
  await page.getByRole("button", { name: "Resume" }).waitFor();
}

async function resume(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Suspend" }).waitFor();
}
