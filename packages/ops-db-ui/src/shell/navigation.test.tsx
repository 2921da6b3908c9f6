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

function names() {
  return page
    .getByRole("link")
    .elements()
    .map((link) => link.textContent);
}

test.each(BARS)("the %s leads to all pages and marks the one that is shown", async (_, Bar, width) => {
  await show(<Bar />, { me: ALL, at: "/work?reason=given_up", width });
  expect(names()).toEqual(ENTRIES.map(({ label }) => label));
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
  for (const link of page.getByRole("link").elements()) {
    const { width, height } = link.getBoundingClientRect();
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(44);
  }
});
