import { useState } from "react";
import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { Problem } from "~/api/problem";
import { PageProblem } from "~/components/PageProblem";
import { PageTitle } from "~/components/PageTitle";
import { setVerdict } from "~/live/verdict";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, show } from "~tests/show";

test("takes the focus and names the tab, with the verdict", async () => {
  setVerdict("act");
  await show(<PageTitle>Observations</PageTitle>);
  await expect.element(page.getByRole("heading", { level: 1, name: "Observations" })).toHaveFocus();
  await expect.poll(() => document.title).toMatch(/Observations/);
  expect(document.title).toMatch(/act/i);
  await expectAccessible();
});

test("leaves the focus to a dialog that is open", async () => {
  const dialog = document.createElement("div");
  dialog.setAttribute("role", "dialog");
  dialog.setAttribute("aria-label", "before");
  const button = dialog.appendChild(document.createElement("button"));
  document.body.append(dialog);
  button.focus();
  await show(<PageTitle>Observations</PageTitle>);
  await expect.element(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(document.activeElement).toBe(button);
  dialog.remove();
});

function BecomesReady() {
  const [isReady, setReady] = useState(false);
  return (
    <>
      <PageTitle key={String(isReady)}>Observations</PageTitle>
      <button type="button" onClick={() => setReady(true)}>
        Go on
      </button>
    </>
  );
}

test("leaves the focus to who went on while the page became ready", async () => {
  await show(<BecomesReady />);
  const heading = page.getByRole("heading", { level: 1 });
  await expect.element(heading).toHaveFocus();
  const before = document.querySelector("h1");
  const button = page.getByRole("button", { name: "Go on" });
  await button.click();
  await expect.poll(() => document.querySelector("h1")).not.toBe(before);
  await expect.element(button).toHaveFocus();
});

test.each(Object.entries(HOSTILE))("a title of %s stands as text and fits a phone", async (_, text) => {
  await show(<PageTitle beside={<button type="button">Suspend</button>}>{text}</PageTitle>, {
    width: "narrow",
  });
  await expect.element(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect.element(page.getByRole("button", { name: "Suspend" })).toBeVisible();
  expect(document.querySelector("h1")?.textContent).toBe(text);
  expectNoSidewaysScroll();
  expect(Reflect.get(window, "hit")).toBeUndefined();
});

test.each([
  [404, "Not found"],
  [503, "This page cannot be shown"],
])("of a page that cannot be shown with status %i", async (status, title) => {
  await show(<PageProblem error={new Problem(status, "x", "Later", "no")} reset={() => undefined} />);
  await expect.element(page.getByRole("heading", { level: 1, name: title })).toBeVisible();
  await expectAccessible();
});
