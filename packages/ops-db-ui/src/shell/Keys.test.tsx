import { describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { setPreferences } from "~/preferences/preferences";
import { rememberList } from "~/shell/came-from";
import { Keys } from "~/shell/Keys";
import { closePalette, usePalette } from "~/shell/palette-state";
import { expectAccessible, expectNoSidewaysScroll, show } from "~tests/show";

const pressed = vi.fn();

/** A page with everything that keys lead to. */
function Page() {
  const palette = usePalette();
  return (
    <main id="content">
      <Keys />
      <p>palette: {palette?.only ?? "closed"}</p>
      <label>
        Name <input />
      </label>
      <fieldset data-target="filters">
        <button type="button">Status</button>
      </fieldset>
      {/* biome-ignore lint/a11y/useSemanticElements: a row as lists make them */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a row as lists make them */}
      <div data-row="1" tabIndex={0} role="listitem">
        <span>first</span>
        <button type="button" data-target="why" onClick={() => pressed("why of the row")}>
          Why?
        </button>
      </div>
      <button type="button" data-target="why" onClick={() => pressed("why of the page")}>
        Why?
      </button>
      <button type="button" data-target="copy" onClick={() => pressed("copy")}>
        Copy as
      </button>
    </main>
  );
}

async function open(at = "/") {
  pressed.mockClear();
  closePalette();
  const shown = await show(<Page />, { at });
  await expect.element(page.getByText("first")).toBeVisible();
  return shown;
}

describe("pages", () => {
  test.each([
    ["o", "/", "/start"],
    ["w", "/work", "/"],
    ["e", "/errors", "/"],
    ["b", "/observations", "/"],
    ["s", "/staging", "/"],
  ])("g %s goes to %s", async (key, address, from) => {
    const { router } = await open(from);
    await userEvent.keyboard(`g${key}`);
    await expect.poll(() => router.state.location.pathname).toBe(address);
  });
});

test("a slash gives the focus to the filters", async () => {
  await open();
  await userEvent.keyboard("/");
  await expect.element(page.getByRole("button", { name: "Status" })).toHaveFocus();
});

test.each(["j", "k"])("%s gives the focus to the list", async (key) => {
  await open();
  await userEvent.keyboard(key);
  await expect.element(page.getByRole("listitem")).toHaveFocus();
});

test("w asks why: of the page, or of the row that has the focus", async () => {
  await open();
  await userEvent.keyboard("jw");
  expect(pressed.mock.calls).toEqual([["why of the row"]]);
});

test("w without a row asks for the first thing on the page that waits", async () => {
  await open();
  await userEvent.keyboard("w");
  expect(pressed).toHaveBeenCalledTimes(1);
});

test("c copies", async () => {
  await open();
  await userEvent.keyboard("c");
  expect(pressed.mock.calls).toEqual([["copy"]]);
});

test("while the palette opens no letter reaches the page, and Escape closes it", async () => {
  const { router } = await open();
  await userEvent.keyboard("agwc");
  await expect.element(page.getByText("palette: actions")).toBeVisible();
  expect(router.state.location.pathname).toBe("/");
  expect(pressed).not.toHaveBeenCalled();
  await userEvent.keyboard("{Escape}");
  await expect.element(page.getByText("palette: closed")).toBeVisible();
  await userEvent.keyboard("gw");
  await expect.poll(() => router.state.location.pathname).toBe("/work");
});

test("a lists the actions, Ctrl-K everything", async () => {
  await open();
  await userEvent.keyboard("a");
  await expect.element(page.getByText("palette: actions")).toBeVisible();
  closePalette();
  await userEvent.keyboard("{Control>}k{/Control}");
  await expect.element(page.getByText("palette: everything")).toBeVisible();
});

test("brackets step through the list that one came from", async () => {
  rememberList({}, () => ["/packages/1", "/packages/2", "/packages/3"]);
  const { router } = await open("/packages/2");
  await userEvent.keyboard("]");
  await expect.poll(() => router.state.location.pathname).toBe("/packages/3");
  await userEvent.keyboard("[[[[");
  await expect.poll(() => router.state.location.pathname).toBe("/packages/1");
});

test("Escape goes back", async () => {
  const { router } = await open();
  await userEvent.keyboard("gw");
  await expect.poll(() => router.state.location.pathname).toBe("/work");
  await userEvent.keyboard("{Escape}");
  await expect.poll(() => router.state.location.pathname).toBe("/");
});

test("while one types no key leads away", async () => {
  const { router } = await open();
  const name = page.getByRole("textbox", { name: "Name" });
  await name.click();
  await userEvent.keyboard("gw/jaw?c");
  await expect.element(name).toHaveValue("gw/jaw?c");
  expect(router.state.location.pathname).toBe("/");
  expect(pressed).not.toHaveBeenCalled();
  await expect.element(page.getByText("palette: closed")).toBeVisible();
});

test("switched off, letters do nothing and Ctrl-K still works", async () => {
  const { router } = await open();
  setPreferences({ keys: false });
  await userEvent.keyboard("gwac?");
  await userEvent.keyboard("{Control>}k{/Control}");
  await expect.element(page.getByText("palette: everything")).toBeVisible();
  expect(router.state.location.pathname).toBe("/");
  expect(pressed).not.toHaveBeenCalled();
});

test("a question mark lists the keys, and under the dialog they do nothing", async () => {
  const { router } = await open();
  await userEvent.keyboard("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await expect.element(dialog.getByText("Why it waits")).toBeVisible();
  await userEvent.keyboard("gw");
  expect(router.state.location.pathname).toBe("/");
  await expectAccessible();
  await userEvent.keyboard("{Escape}");
  await expect.element(dialog).not.toBeInTheDocument();
  expect(router.state.location.pathname).toBe("/");
});

test("the list of keys fits a narrow window", async () => {
  await open();
  await page.viewport(360, 740);
  await userEvent.keyboard("?");
  await expect.element(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  expectNoSidewaysScroll();
});
