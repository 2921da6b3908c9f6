import type { Page } from "@playwright/test";

/** Sign in as an operator of an invented night. */
export async function signIn(page: Page): Promise<void> {
  await page.goto("/sign-in");
  await page.getByRole("button", { name: /^operator/ }).click();
  await page.getByRole("navigation", { name: "Pages" }).first().waitFor();
}

/** Have the browser's clock stand where that of the night does. */
export async function stopClock(page: Page): Promise<void> {
  const answer = await page.request.get("/api/v1/status");
  const { at } = (await answer.json()) as { at: string };
  await page.clock.setFixedTime(new Date(at));
}
