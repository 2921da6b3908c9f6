import { expect, type Page, test } from "@playwright/test";
import { signInAs } from "./support/session.ts";

const LIST = "/observations";
const STATUSES = ["running", "completed", "aborted", "failed"] as const;

/** Return the chosen values after each change: one is turned on or off each time. Ten have all on once, and none. */
function steps(changes: number): readonly (readonly string[])[] {
  const all: string[][] = [[]];
  for (let change = 0; change < changes; change += 1) {
    const before = all.at(-1) ?? [];
    const value = STATUSES[(change * 3 + Math.floor(change / STATUSES.length)) % STATUSES.length] ?? "";
    all.push(before.includes(value) ? before.filter((one) => one !== value) : [...before, value]);
  }
  return all;
}

/** Expect that the address, the filter and the rows say the same. */
async function expectShown(page: Page, values: readonly string[]): Promise<void> {
  await expect.poll(() => new URL(page.url()).searchParams.getAll("status")).toEqual(values);
  const filters = page.getByRole("group", { name: "Filters" });
  const chip = filters.getByRole("button", { name: /^status is/ });
  if (values.length === 0) await expect(chip).toHaveCount(0);
  else await expect(chip).toHaveText(`status is ${values.join(" or ")}`);
  const query = values.map((value) => `status=${value}`).join("&");
  const answer = await page.request.get(`/api/v1/executed-obs-units?${query}`);
  const { items } = (await answer.json()) as { items: readonly { id: string }[] };
  const list = page.getByRole("region", { name: "Observations" });
  await expect(list).toHaveAttribute("aria-busy", "false");
  const links = list.getByRole("row").getByRole("link").and(page.locator("[href^='/observations/']"));
  const first = items[0];
  if (first === undefined) await expect(links).toHaveCount(0);
  else await expect(links.first()).toHaveAttribute("href", `/observations/${first.id}`);
}

test("back and forward through 10 quick changes of a filter, address, rows and filter agree @long", async ({
  page,
}) => {
  await goBackAndForth(page, steps(10));
});

test("the same through 30 changes @long", async ({ page }) => {
  await goBackAndForth(page, steps(30));
});

async function goBackAndForth(page: Page, all: readonly (readonly string[])[]): Promise<void> {
  await signInAs(page, "operator", LIST);
  const filters = page.getByRole("group", { name: "Filters" });
  await filters.getByRole("button", { name: "status", exact: true }).click();
  for (const [step, values] of all.entries()) {
    const before = all[step - 1];
    if (before === undefined) continue;
    const turned = STATUSES.find((status) => values.includes(status) !== before.includes(status));
    await page.getByRole("checkbox", { name: turned ?? "" }).click();
  }
  await expectShown(page, all.at(-1) ?? []);
  await page.keyboard.press("Escape");
  for (const values of all.slice(0, -1).toReversed()) {
    await page.goBack();
    await expectShown(page, values);
  }
  for (const values of all.slice(1)) {
    await page.goForward();
    await expectShown(page, values);
  }
  await filters.getByRole("button", { name: /^status/ }).click();
  for (const status of STATUSES) {
    await expect(page.getByRole("checkbox", { name: status })).toBeChecked({
      checked: all.at(-1)?.includes(status) ?? false,
    });
  }
}
