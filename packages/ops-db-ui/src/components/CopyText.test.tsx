import { afterEach, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { CopyText } from "~/components/CopyText";
import { expectAccessible, HOSTILE, show } from "~tests/show";

afterEach(() => vi.restoreAllMocks());

test("copies the text as it is, and says so politely", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  await show(<CopyText text={HOSTILE.markup} label="Copy checksum" />);
  await page.getByRole("button", { name: "Copy checksum" }).click();
  await expect.element(page.getByRole("status")).toHaveTextContent("Copied");
  expect(write).toHaveBeenCalledWith(HOSTILE.markup);
  await expectAccessible();
});

test("works with the keyboard", async () => {
  const write = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue();
  await show(<CopyText text="abc" label="Copy" />);
  await userEvent.tab();
  await userEvent.keyboard("{Enter}");
  await expect.element(page.getByRole("status")).toHaveTextContent("Copied");
  expect(write).toHaveBeenCalledWith("abc");
});

test("falls back to the older way, and the focus stays on the button", async () => {
  vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("refused"));
  let selected = "";
  vi.spyOn(document, "execCommand").mockImplementation(() => {
    const field = document.activeElement;
    selected = field instanceof HTMLTextAreaElement ? field.value : "";
    return true;
  });
  await show(<CopyText text="a b" label="Copy" />);
  await page.getByRole("button", { name: "Copy" }).click();
  await expect.element(page.getByRole("status")).toHaveTextContent("Copied");
  expect(selected).toBe("a b");
  expect(document.activeElement?.textContent).toBe("Copy");
  expect(document.querySelectorAll("textarea")).toHaveLength(0);
});

test("says what to do where the browser allows neither", async () => {
  vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("refused"));
  vi.spyOn(document, "execCommand").mockReturnValue(false);
  await show(<CopyText text="abc" label="Copy" />);
  await page.getByRole("button", { name: "Copy" }).click();
  await expect
    .element(page.getByRole("status"))
    .toHaveTextContent("The browser does not allow copying; mark the text and copy it");
});
