import { expect, test, vi } from "vitest";
import { page } from "vitest/browser";
import { Toasts } from "~/actions/Toasts";
import { CopyAs } from "~/components/CopyAs";
import { expectAccessible, HOSTILE, show } from "~tests/show";

async function openMenu() {
  await page.getByRole("button", { name: "Copy as" }).click();
  await expect.element(page.getByRole("menu")).toBeVisible();
}

function choices() {
  return page
    .getByRole("menuitem")
    .elements()
    .map((item) => item.querySelector("span > span")?.textContent);
}

test("offers what can do it, and leaves ccat out where that cannot", async () => {
  await show(<CopyAs ccat={null} path="/api/v1/errors" />);
  await openMenu();
  expect(choices()).toEqual(["curl", "Python", "Address of the call", "Address of this page"]);
  await expectAccessible();
});

test("puts the line on the clipboard and says so", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  await show(
    <>
      <CopyAs
        ccat={["ccat", "find", "--source=$(reboot)'"]}
        path="/api/v1/executed-obs-units"
        query={{ source: HOSTILE.markup }}
      />
      <Toasts />
    </>,
  );
  await openMenu();
  await page.getByRole("menuitem", { name: "curl" }).click();
  await expect.element(page.getByText("Copied: curl")).toBeVisible();
  const line = write.mock.calls[0]?.[0] ?? "";
  expect(line).toContain('"Authorization: Bearer $CCAT_API_TOKEN"');
  expect(line).toContain(`?source=${encodeURIComponent(HOSTILE.markup)}`);
  await openMenu();
  await page.getByRole("menuitem", { name: "ccat" }).click();
  await expect.element(page.getByText("Copied: ccat")).toBeVisible();
  expect(write.mock.calls[1]?.[0]).toBe("ccat find '--source=$(reboot)'\\'''");
  write.mockRestore();
});
