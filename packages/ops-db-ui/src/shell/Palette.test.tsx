import { afterEach, describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { operations } from "~/api/operations.gen";
import { Palette } from "~/shell/Palette";
import { closePalette, openPalette } from "~/shell/palette-state";
import { rememberVisit } from "~/shell/recent";
import { answer, answerCall, answerWith, requests } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, person, show } from "~tests/show";

const EVERYTHING = person([
  ...new Set(Object.values(operations).flatMap(({ permission }) => permission ?? [])),
]);
const field = page.getByRole("combobox", { name: "Search" });

afterEach(() => {
  closePalette();
  sessionStorage.clear();
});

async function open(ui = <Palette />, me = EVERYTHING) {
  const shown = await show(<main id="content">{ui}</main>, { me });
  openPalette();
  await expect.element(field).toHaveFocus();
  return shown;
}

test("offers the pages, and the field names the chosen one", async () => {
  await open();
  await expect.element(page.getByRole("listbox")).toMatchAriaInlineSnapshot(`
    - listbox "Results":
      - group "Pages":
        - option "Overview g o" [selected]
        - option "Work g w"
        - option "Errors g e"
        - option "Observations g b"
        - option "Staging g s"
  `);
  await expectAccessible();
});

test("arrows and Enter go to a page", async () => {
  const { router } = await open();
  await userEvent.keyboard("{ArrowDown}{ArrowDown}{Enter}");
  await expect.poll(() => router.state.location.pathname).toBe("/errors");
  await expect.element(field).not.toBeInTheDocument();
});

test("the arrow up from the first option goes to the last", async () => {
  await open();
  await userEvent.keyboard("{ArrowUp}");
  await expect
    .element(page.getByRole("option", { name: /^Staging/ }))
    .toHaveAttribute("aria-selected", "true");
});

test("typing narrows, and the first that fits is chosen", async () => {
  const { router } = await open();
  await userEvent.fill(field, "stag");
  await expect
    .element(page.getByRole("option", { name: "Staging g s" }))
    .toHaveAttribute("aria-selected", "true");
  await userEvent.keyboard("{Enter}");
  await expect.poll(() => router.state.location.pathname).toBe("/staging");
});

test("a click chooses too", async () => {
  const { router } = await open();
  await page.getByRole("option", { name: /^Work/ }).click();
  await expect.poll(() => router.state.location.pathname).toBe("/work");
});

test("Escape closes it", async () => {
  await open();
  await userEvent.keyboard("{Escape}");
  await expect.element(field).not.toBeInTheDocument();
});

test("a page that one may not read is listed with the reason, and cannot be chosen", async () => {
  const { router } = await open(<Palette />, person());
  const option = page.getByRole("option", { name: /^Work/ });
  await expect.element(option).toHaveAttribute("aria-disabled", "true");
  await expect.element(option.getByText(/^Needs the permission /)).toBeVisible();
  await userEvent.keyboard("{ArrowDown}{Enter}");
  await expect.element(field).toBeVisible();
  expect(router.state.location.pathname).toBe("/");
});

test("recent pages stand there, the current one not", async () => {
  rememberVisit({ address: "/", title: "Overview, which is shown" });
  rememberVisit({ address: "/packages/7", title: "Package 7" });
  const { router } = await open();
  await expect.element(page.getByRole("group", { name: "Recent" }).getByRole("option")).toHaveLength(1);
  await page.getByRole("option", { name: "Package 7" }).click();
  await expect.poll(() => router.state.location.pathname).toBe("/packages/7");
});

describe("finding", () => {
  const HIT = {
    type: "raw_data_package",
    collection: "raw-data-packages",
    id: "p7",
    title: "a.tar",
    detail: "CHAI",
  };

  test("what the API finds can be opened", async () => {
    answer("/api/v1/search", { items: [HIT] });
    const { router } = await open();
    await userEvent.fill(field, "0198a2b4");
    await page.getByRole("option", { name: /^a.tar/ }).click();
    await expect.poll(() => router.state.location.pathname).toBe("/packages/p7");
    expect(requests().at(-1)?.address).toBe("/api/v1/search?q=0198a2b4");
  });

  test("what an earlier text found is not opened for a later one", async () => {
    let answerLater = () => {};
    const later = new Promise<void>((resolve) => {
      answerLater = resolve;
    });
    answerWith("GET /api/v1/search", async () => {
      const q = requests().at(-1)?.address.split("q=")[1] ?? "";
      if (q.length > 8) await later;
      return Response.json({ items: [{ ...HIT, id: q, title: `${q}.tar` }] });
    });
    const { router } = await open();
    await userEvent.fill(field, "0198a2b4");
    await expect
      .element(page.getByRole("option", { name: /^0198a2b4.tar/ }))
      .toHaveAttribute("aria-selected", "true");
    await userEvent.fill(field, "0198a2b4-7");
    await userEvent.keyboard("{Enter}");
    await expect.poll(() => requests().at(-1)?.address).toBe("/api/v1/search?q=0198a2b4-7");
    expect(router.state.location.pathname).not.toContain("/packages/");
    answerLater();
    await expect.poll(() => router.state.location.pathname).toBe("/packages/0198a2b4-7");
  });

  test("one letter is not searched for", async () => {
    await open();
    await userEvent.fill(field, "z");
    await expect.element(page.getByText(/^Nothing found/)).toBeVisible();
    expect(requests()).toHaveLength(0);
  });

  test("nothing found says how to search", async () => {
    answer("/api/v1/search", { items: [] });
    await open();
    await userEvent.fill(field, "zzz");
    await expect
      .element(
        page.getByText("Nothing found. Names are found by their beginning, ids by their first 8 digits."),
      )
      .toBeVisible();
  });

  test("a search that fails says so, and the pages stay", async () => {
    answerCall("GET /api/v1/search", 503, {
      type: "x/busy",
      title: "Busy",
      status: 503,
      detail: "busy",
      instance: "/",
      request_id: "r",
    });
    await open();
    await userEvent.fill(field, "zzz");
    await expect.element(page.getByText("Cannot search: Busy.")).toBeVisible();
  });

  test.each(Object.entries(HOSTILE))("%s is found as text", async (_name, text) => {
    answer("/api/v1/search", { items: [{ ...HIT, title: text, detail: text }] });
    await open();
    await page.viewport(360, 740);
    await userEvent.fill(field, "zzz");
    await expect.element(page.getByRole("option").getByText(text, { exact: true })).toBeInTheDocument();
    expectNoSidewaysScroll();
    expect(Reflect.get(window, "hit")).toBeUndefined();
  });
});

describe("acting", () => {
  const run = vi.fn();
  const ui = (
    <>
      <button type="button" data-verb="Suspend buffer" onClick={run}>
        Suspend
      </button>
      <button type="button" data-verb="Resume buffer" data-refused="It is in service.">
        Resume
      </button>
      <div data-row="1">
        <button type="button" data-verb="Retry transfer">
          Retry
        </button>
      </div>
      <Palette />
    </>
  );

  test("what can be done with the page comes first, not what is in rows", async () => {
    await open(ui);
    const actions = page.getByRole("group", { name: "Actions" });
    await expect.element(actions).toMatchAriaInlineSnapshot(`
      - group "Actions":
        - option "Suspend buffer" [selected]
        - option "Resume buffer It is in service." [disabled]
    `);
  });

  test("an action is begun as if its button were pressed", async () => {
    run.mockClear();
    await open(ui);
    await userEvent.keyboard("{Enter}");
    await expect.poll(() => run.mock.calls.length).toBe(1);
  });

  test("for actions alone nothing else is listed", async () => {
    await show(<main id="content">{ui}</main>, { me: EVERYTHING });
    openPalette("actions");
    await expect.element(page.getByRole("option", { name: "Suspend buffer" })).toBeVisible();
    expect(page.getByRole("option").elements()).toHaveLength(2);
  });
});
