import { expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { Toasts } from "~/actions/Toasts";
import { say } from "~/actions/toasts";
import { BottomBar } from "~/shell/BottomBar";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, person, show } from "~tests/show";

test("tells what was done, politely, until it is closed", async () => {
  await show(<Toasts />);
  say("Done: Suspend buffer");
  await expect.element(page.getByText("Done: Suspend buffer")).toBeVisible();
  await expectAccessible();
  await page.getByText("Done: Suspend buffer").hover();
  await page.getByRole("button", { name: "Close" }).click();
  await expect.element(page.getByText("Done: Suspend buffer")).not.toBeInTheDocument();
});

test("takes no focus and can be closed by keys", async () => {
  await show(
    <>
      <input aria-label="Reason" />
      <Toasts />
    </>,
  );
  const field = page.getByRole("textbox", { name: "Reason" });
  await field.click();
  say("Copied: curl");
  await expect.element(page.getByText("Copied: curl")).toBeVisible();
  await expect.element(field).toHaveFocus();
  await userEvent.keyboard("{F6}");
  await userEvent.tab();
  await userEvent.keyboard("{Escape}");
  await expect.element(page.getByText("Copied: curl")).not.toBeInTheDocument();
});

test.each(Object.entries(HOSTILE))(
  "a text of %s stands as text, above the bar of a phone",
  async (_, text) => {
    await show(
      <>
        <Toasts />
        <BottomBar />
      </>,
      { width: "narrow", me: person(["read:transfers"]) },
    );
    say(text);
    const close = () => [...document.querySelectorAll<HTMLElement>("[aria-label=Close]")].at(-1);
    await expect.poll(() => close()?.previousSibling?.textContent).toBe(text);
    const bar = page.getByRole("navigation", { name: "Pages" }).element();
    expect(close()?.getBoundingClientRect().bottom).toBeLessThanOrEqual(bar.getBoundingClientRect().top);
    expectNoSidewaysScroll();
    expect(Reflect.get(window, "hit")).toBeUndefined();
    close()?.click();
    await expect.element(page.getByText(text, { exact: true })).not.toBeInTheDocument();
  },
);
