import type { Page } from "@playwright/test";
import { variable } from "./environment.ts";

/** Sign in with a token, which every deployment takes, and go to a page. */
export async function signIn(page: Page, address = "/"): Promise<void> {
  await page.goto(address);
  await giveToken(page);
  await page.getByRole("navigation", { name: "Pages" }).first().waitFor();
}

/** Fill in the form for a token that is on the screen. */
export async function giveToken(page: Page): Promise<void> {
  await page.getByLabel("API token").fill(variable("CCAT_API_TOKEN"));
  await page.getByRole("button", { name: "Sign in" }).click();
}

/** Sign in with a role, as a stack for development lets one. */
export async function signInAs(page: Page, role: string, address = "/"): Promise<void> {
  await page.goto(address);
  await page.getByRole("button", { name: role }).click();
  await page.getByRole("navigation", { name: "Pages" }).first().waitFor();
}
