import { expect, test } from "vitest";
import { pageOfTabTitle, tabTitle } from "~/components/tab-title";

test("the verdict comes first, so that a narrow tab shows it", () => {
  expect(tabTitle("Work", "act")).toBe("act · Work · CCAT data centre");
});

test("there is no verdict before signing in", () => {
  expect(tabTitle("Sign in", null)).toBe("Sign in · CCAT data centre");
});

test.each([
  ["act · Work · CCAT data centre", "Work"],
  ["green · Orion · KL · CCAT data centre", "Orion · KL"],
  ["Sign in · CCAT data centre", null],
  ["CCAT data centre", null],
  ["act · Work · something else", null],
])("the page of %s is %s", (title, page) => {
  expect(pageOfTabTitle(title)).toBe(page);
});
