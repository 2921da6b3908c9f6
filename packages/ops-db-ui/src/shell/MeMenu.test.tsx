import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { Toasts } from "~/actions/Toasts";
import { MeMenu } from "~/shell/MeMenu";
import { TopBar } from "~/shell/TopBar";
import { answerCall, requests } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, person, show } from "~tests/show";

const OUT = "POST /api/v1/auth/logout";
const BUTTON = page.getByRole("button", { name: "Signed in as ada" });
const left = vi.fn();

async function open(options: Parameters<typeof show>[1] = {}) {
  left.mockClear();
  await show(
    <>
      <MeMenu onSignedOut={left} />
      <Toasts />
    </>,
    options,
  );
  await page.getByRole("button", { name: /^Signed in as/ }).click();
  await expect.element(page.getByRole("menu")).toBeVisible();
}

test.each(["narrow", "normal"] as const)("says who one is and how things are shown, %s", async (width) => {
  await open({ width });
  await expect.element(page.getByRole("menuitemradio", { name: "UTC" })).toBeChecked();
  await expect.element(page.getByRole("menuitemcheckbox", { name: "Keys of one letter" })).toBeChecked();
  expectNoSidewaysScroll();
  await expectAccessible();
});

test("the keyboard alone chooses, and the menu stays open", async () => {
  await open();
  await userEvent.keyboard("{Escape}");
  await expect.element(BUTTON).toHaveFocus();
  await userEvent.keyboard("{Enter}mod{Enter}");
  await expect.element(page.getByRole("menuitemradio", { name: "Modified Julian Date" })).toBeChecked();
  await expect.element(page.getByRole("menu")).toBeVisible();
});

test("compact and dark stand on the document", async () => {
  await open();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await page.getByRole("menuitemradio", { name: "Compact" }).click();
  expect({ ...document.documentElement.dataset }).toMatchObject({ theme: "dark", density: "compact" });
});

test("the name of the site leads to the page that one begins with, of those that one may read", async () => {
  await show(<TopBar />, { me: person(["read:transfers"]) });
  await page.getByRole("button", { name: /^Signed in as/ }).click();
  await page.getByRole("menuitemradio", { name: "Work" }).click();
  await expect.element(page.getByRole("menuitemradio", { name: "Work" })).toBeChecked();
  expect(page.getByRole("menuitemradio", { name: "Errors" }).elements()).toEqual([]);
  await userEvent.keyboard("{Escape}");
  await expect.element(page.getByRole("link", { name: "FYST" })).toHaveAttribute("href", "/work");
});

test("signs out", async () => {
  answerCall(OUT, 204, null);
  await open();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect.poll(() => left.mock.calls.length).toBe(1);
  expect(requests().filter(({ method }) => method !== "GET").length).toBe(1);
});

test("a session that has ended already is signed out", async () => {
  answerCall(OUT, 401, { type: "x/unauthenticated", title: "No session", detail: "", request_id: "r" });
  await open();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect.poll(() => left.mock.calls.length).toBe(1);
});

test("where signing out failed one is told, and stays", async () => {
  answerCall(OUT, 503, { type: "x/unavailable", title: "Unavailable", detail: "Later.", request_id: "r" });
  await open();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect.element(page.getByText("You are still signed in: Unavailable.")).toBeVisible();
  expect(left).not.toHaveBeenCalled();
});

test.each(Object.entries(HOSTILE))("a name of %s stands as text", async (_, name) => {
  const me = person([]);
  await open({ me: { ...me, user: { ...me.user, name } } });
  await expect.element(page.getByRole("button", { name: /^Signed in as/ })).toMatchTextContent(name);
  expectNoSidewaysScroll();
  expect(Reflect.get(window, "hit")).toBeUndefined();
});
