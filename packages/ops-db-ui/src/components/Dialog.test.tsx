import { useState } from "react";
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { Dialog } from "~/components/Dialog";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, show } from "~tests/show";

const closed = vi.fn();

function Two() {
  const [isOpen, setOpen] = useState(true);
  return (
    <>
      <Dialog title="Below" open={isOpen} onClose={() => setOpen(false)}>
        <input aria-label="Reason" />
      </Dialog>
      <Above />
    </>
  );
}

function Above() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" onClick={() => setOpen(true)}>
        more
      </button>
      <Dialog title="Above" open={isOpen} onClose={() => setOpen(false)}>
        <p>more of it</p>
      </Dialog>
    </>
  );
}

test.each(["narrow", "normal"] as const)(
  "takes the focus, and gives it back to what opened it, %s",
  async (width) => {
    await show(<Above />, { width });
    await page.getByRole("button", { name: "more" }).click();
    const dialog = page.getByRole("dialog", { name: "Above" });
    await expect.element(dialog).toBeVisible();
    expect(dialog.element().contains(document.activeElement)).toBe(true);
    expectNoSidewaysScroll();
    await expectAccessible();
    await userEvent.keyboard("{Escape}");
    await expect.element(dialog).not.toBeInTheDocument();
    await expect.element(page.getByRole("button", { name: "more" })).toHaveFocus();
  },
);

test("that must be answered has no way out", async () => {
  await show(
    <Dialog title="Answer" open>
      <button type="button">Yes</button>
    </Dialog>,
  );
  await expect.element(page.getByRole("dialog", { name: "Answer" })).toBeVisible();
  expect(page.getByRole("button", { name: "Close" }).elements()).toEqual([]);
  await userEvent.keyboard("{Escape}");
  await expect.element(page.getByRole("button", { name: "Yes" })).toBeVisible();
});

test("Escape closes the uppermost only", async () => {
  await show(<Two />);
  await expect.element(page.getByRole("dialog", { name: "Below" })).toBeVisible();
  (document.querySelector("#root, body") as HTMLElement).querySelectorAll("button").forEach((button) => {
    if (button.textContent === "more") button.click();
  });
  await expect.element(page.getByRole("dialog", { name: "Above" })).toBeVisible();
  await userEvent.keyboard("{Escape}");
  await expect.element(page.getByRole("dialog", { name: "Above" })).not.toBeInTheDocument();
  await expect.element(page.getByRole("textbox", { name: "Reason" })).toBeVisible();
  await userEvent.keyboard("{Escape}");
  await expect.element(page.getByRole("textbox", { name: "Reason" })).not.toBeInTheDocument();
});

test.each(Object.entries(HOSTILE))("with a title of %s it can be read and closed", async (_, text) => {
  closed.mockClear();
  await show(
    <Dialog title={text} open onClose={closed}>
      <p>{text.repeat(20)}</p>
    </Dialog>,
    { width: "narrow" },
  );
  const close = page.getByRole("button", { name: "Close" });
  await expect.element(close).toBeVisible();
  // The style sheet may come after the first paint.
  await expect.poll(() => close.element().getBoundingClientRect().right).toBeLessThanOrEqual(360);
  expect(close.element().getBoundingClientRect().left).toBeGreaterThanOrEqual(0);
  expectNoSidewaysScroll();
  await close.click();
  expect(closed).toHaveBeenCalledTimes(1);
});
