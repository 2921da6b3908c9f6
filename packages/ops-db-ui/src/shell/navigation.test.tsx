import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { operations } from "~/api/operations.gen";
import { BottomBar } from "~/shell/BottomBar";
import { ENTRIES } from "~/shell/entries";
import { Rail } from "~/shell/Rail";
import { expectAccessible, expectNoSidewaysScroll, person, show } from "~tests/show";

const ALL = person(ENTRIES.map(({ needs }) => operations[needs].permission ?? ""));
const BARS = [
  ["rail", Rail, "normal"],
  ["bottom bar", BottomBar, "narrow"],
] as const;
const MORE = page.getByRole("button", { name: "More" });

function names() {
  return page
    .getByRole("link")
    .elements()
    .map((link) => link.textContent);
}

test("the rail leads to all pages", async () => {
  await show(<Rail />, { me: ALL, at: "/work?reason=given_up" });
  expect(names()).toEqual(ENTRIES.map(({ label }) => label));
});

test("the bottom bar leads to four pages, and to the others behind More", async () => {
  const { router } = await show(<BottomBar />, { me: ALL, at: "/work", width: "narrow" });
  expect(names()).toEqual(ENTRIES.slice(0, 4).map(({ label }) => label));
  expect(MORE.element().hasAttribute("aria-current")).toBe(false);
  await MORE.click();
  const items = page.getByRole("menuitem");
  await expect.element(items.first()).toBeVisible();
  expect(items.elements().map((item) => item.textContent)).toEqual(
    ENTRIES.slice(4).map(({ label }) => label),
  );
  for (const item of items.elements()) expect(item.getBoundingClientRect().height).toBeGreaterThanOrEqual(44);
  expectNoSidewaysScroll();
  await expectAccessible();
  await items.first().click();
  await expect.poll(() => router.state.location.pathname).toBe(ENTRIES[4]?.to);
  await expect.element(page.getByRole("menu")).not.toBeInTheDocument();
  await expect.element(MORE).toHaveAttribute("aria-current", "true");
  await expectAccessible();
});

test("without anything behind it there is no More", async () => {
  const four = ENTRIES.slice(0, 4).map(({ needs }) => operations[needs].permission ?? "");
  await show(<BottomBar />, { me: person(four), width: "narrow" });
  await expect.element(page.getByRole("link", { name: "Work" })).toBeVisible();
  expect(MORE.elements()).toEqual([]);
});

test.each(BARS)("the %s marks the page that is shown", async (_, Bar, width) => {
  await show(<Bar />, { me: ALL, at: "/work?reason=given_up", width });
  await expect.element(page.getByRole("link", { name: "Work" })).toHaveAttribute("aria-current", "page");
  expectNoSidewaysScroll();
  await expectAccessible();
});

test.each(BARS)("the %s marks the entry of a page below it", async (_, Bar, width) => {
  await show(<Bar />, { me: ALL, at: "/observations/1", width });
  const marked = document.querySelectorAll('[aria-current="page"]');
  expect(Array.from(marked, (link) => link.textContent)).toEqual(["Observations"]);
});

test.each(BARS)("the %s leaves out what one may not read", async (_, Bar, width) => {
  await show(<Bar />, { me: person([operations.list_errors.permission ?? ""]), width });
  await expect.element(page.getByRole("link", { name: "Errors" })).toBeVisible();
  expect(names()).not.toContain("Work");
  await expectAccessible();
});

test("entries of the bottom bar are large enough for fingers", async () => {
  await show(<BottomBar />, { me: ALL, width: "narrow" });
  for (const link of [...page.getByRole("link").elements(), MORE.element()]) {
    const { width, height } = link.getBoundingClientRect();
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(44);
  }
});
