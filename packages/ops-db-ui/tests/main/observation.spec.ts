import { createHash } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { ccat } from "./support/ccat.ts";
import { variable } from "./support/environment.ts";
import { observe } from "./support/observation.ts";
import { signIn } from "./support/session.ts";

test("an observation is found and watched until it is archived @everywhere", async ({ page }) => {
  const { id } = await observe(["one.fits", "two.fits"]);
  await signIn(page, "/observations");
  await page.getByRole("link", { name: "IRC10216" }).first().click();
  await expect(page).toHaveURL(/\/observations\/[0-9a-f-]{36}/);
  await page.goto(`/observations/${id}`);
  const arrival = page.getByRole("region", { name: "Did the files arrive, and are they safe?" });
  await expect(arrival).toContainText("2 files arrived");
  await expect(arrival).toContainText("All are safe");
});

test("data are staged, and the folder has them", async ({ page }) => {
  const { id, files } = await observe(["staged.fits"]);
  await ccat("person", "wait", "--execution", id, "--for", "archived", "--timeout", "150");
  await signIn(page, `/observations/${id}`);
  await page.getByRole("button", { name: "Stage IRC10216" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /^Stage/ }).click();
  await expect(page).toHaveURL(/\/staging\/[0-9a-f-]{36}/);
  await expect(page.getByRole("main")).toContainText("Yes: 1 package");
  const folder = `${variable("CCAT_PROCESSING_FOLDER")}/${id}`;
  await expect
    .poll(() => contentOf(folder, "staged.fits"))
    .toBe(digestOf(files.get("staged.fits") ?? Buffer.of()));
});

test("one file is downloaded and is the one that was filed", async ({ page }) => {
  const { id, files } = await observe(["first.fits", "second.fits"]);
  await ccat("person", "wait", "--execution", id, "--for", "archived", "--timeout", "150");
  await signIn(page, `/observations/${id}`);
  const link = page.getByRole("link", { name: /second\.fits/ });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  expect(digestOf(readFileSync(await download.path()))).toBe(
    digestOf(files.get("second.fits") ?? Buffer.of()),
  );
});

function contentOf(folder: string, name: string): string | null {
  const found = globSync(`${folder}/**/${name}`);
  return found[0] === undefined ? null : digestOf(readFileSync(found[0]));
}

function digestOf(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
