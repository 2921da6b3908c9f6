import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { beforeEach, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { render } from "vitest-browser-react";
import { makeQueryClient } from "~/api/cache";
import { operations } from "~/api/operations.gen";
import { EXECUTION, LISTED, PROGRESS } from "~/pages/observations/observations.fixtures";
import { setPreferences } from "~/preferences/preferences";
import { makeRouter } from "~/router";
import { answer, answerCall } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, person } from "~tests/show";

const ALL = person([...new Set(Object.values(operations).flatMap(({ permission }) => permission ?? []))]);
const LIST = "/api/v1/executed-obs-units";
const SOURCES = ["Orion-KL", "M82", "NGC 253"];
const NO_ROWS = { items: [], next_cursor: null };

const idOf = (number: number) => `01a22a1e-429b-70f1-b51a-${String(number).padStart(12, "0")}`;
const pathOf = (number: number) => `/observations/${idOf(number)}`;
const pane = page.getByRole("region", { name: "Beside the list" });
const title = pane.getByRole("heading", { level: 2 }).first();
const rowOf = (source: string) => page.getByRole("table", { name: "Observations" }).getByText(source);

function answerObservations(sources: readonly string[]): void {
  const items = sources.map((source, at) => ({ ...LISTED, id: idOf(at), source }));
  answer(LIST, { items, next_cursor: null });
  for (const { id, source } of items) {
    answerCall(`GET ${LIST}/${id}`, 200, { ...EXECUTION, id, source });
    answerCall(`GET ${LIST}/${id}/progress`, 200, { ...PROGRESS, id });
  }
}

beforeEach(() => {
  answer("/api/v1/me", ALL);
  answer("/api/v1/raw-data-packages", NO_ROWS);
  answer("/api/v1/data-locations", NO_ROWS);
  answer("/api/v1/staging-jobs", NO_ROWS);
  answer("/api/v1/raw-data-files", NO_ROWS);
  answer("/api/v1/events", NO_ROWS);
  answerObservations(SOURCES);
});

async function go(address: string, width = 2560) {
  await page.viewport(width, 1300);
  setPreferences({ theme: "light", density: "normal", time: "utc", keys: true, home: "/" });
  const router = makeRouter(makeQueryClient());
  router.update({ ...router.options, history: createMemoryHistory({ initialEntries: [address] }) });
  await render(
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={router.options.context.cache}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </CSPProvider>,
  );
  await expect.element(page.getByRole("heading", { level: 1 })).toBeVisible();
  return router;
}

async function expectOpen(source: string): Promise<void> {
  await expect.element(title).toMatchTextContent(new RegExp(`^${source}`));
}

function focused(): string {
  return document.activeElement?.textContent ?? "";
}

test("a row opens beside its list, which keeps its filters; back and forward show each step", async () => {
  const router = await go("/observations?status=completed");
  await rowOf("M82").click();
  await expectOpen("M82");
  expect(router.state.location.href).toBe(`/observations?status=completed&pane=${pathOf(1)}`);
  await expect.element(title).toHaveFocus();
  expect(page.getByRole("heading", { level: 1 }).elements()).toHaveLength(1);
  expect(document.title).toContain("Observations");
  await expect.element(page.getByRole("row", { name: /^M82/ })).toHaveAttribute("aria-current", "true");
  expectNoSidewaysScroll();
  await expectAccessible();
  await rowOf("NGC 253").click();
  await expectOpen("NGC 253");
  router.history.back();
  await expectOpen("M82");
  router.history.back();
  await expect.element(pane).not.toBeInTheDocument();
  expect(router.state.location.href).toBe("/observations?status=completed");
  router.history.forward();
  await expectOpen("M82");
  await page.getByRole("button", { name: "Remove: status is completed" }).click();
  await expect.poll(() => router.state.location.href).toBe(`/observations?pane=${pathOf(1)}`);
  await expectOpen("M82");
  await pane.getByRole("link", { name: "Open as a page" }).click();
  await expect.poll(() => router.state.location.href).toBe(pathOf(1));
  await expect.element(page.getByRole("heading", { level: 1 })).toMatchTextContent(/^M82/);
  expect(pane.elements()).toEqual([]);
});

test("keys open, step through the list and close; the focus goes back to the row", async () => {
  const router = await go("/observations");
  await expect.element(rowOf("M82")).toBeVisible();
  await userEvent.keyboard("j{ArrowDown}{Enter}");
  await expectOpen("M82");
  await expect.element(title).toHaveFocus();
  await userEvent.keyboard("]");
  await expectOpen("NGC 253");
  await expect.element(title).toHaveFocus();
  await userEvent.keyboard("[[");
  await expectOpen("M82");
  await userEvent.keyboard("j");
  expect(document.activeElement?.getAttribute("data-row")).toBe(idOf(1));
  await userEvent.keyboard("k{Enter}");
  await expectOpen("Orion-KL");
  await expect.element(title).toHaveFocus();
  await userEvent.keyboard("{Escape}");
  await expect.element(pane).not.toBeInTheDocument();
  expect(router.state.location.href).toBe("/observations");
  expect(document.activeElement?.getAttribute("data-row")).toBe(idOf(0));
});

test("without keys of one letter, Esc closes too", async () => {
  await go(`/observations?pane=${pathOf(1)}`);
  setPreferences({ keys: false });
  await expectOpen("M82");
  await userEvent.keyboard("{Escape}");
  await expect.element(pane).not.toBeInTheDocument();
});

test("what comes with the address leaves the focus to the list", async () => {
  await go(`/observations?pane=${pathOf(2)}`);
  await expectOpen("NGC 253");
  expect(focused()).toBe("Observations");
});

test("c copies what the focus is in: the pane or the list", async () => {
  await go("/observations");
  await rowOf("M82").click();
  await expect.element(title).toHaveFocus();
  await userEvent.keyboard("c");
  await expect.element(page.getByRole("menu")).toBeVisible();
  expect(pane.getByRole("button", { name: "Copy as" }).first().element().getAttribute("aria-expanded")).toBe(
    "true",
  );
});

test("list and page are both kept current", async () => {
  await go(`/observations?pane=${pathOf(1)}`);
  await expectOpen("M82");
  answerObservations(["Orion-KL", "M83", "NGC 253"]);
  await expect.poll(() => title.element().textContent).toMatch(/^M83/);
  await expect.element(rowOf("M83")).toBeVisible();
});

test("list and page scroll on their own, and so do many rows in the page", async () => {
  const items = Array.from({ length: 200 }, (_, at) => ({
    id: idOf(at),
    relative_path: `scan-${String(at).padStart(3, "0")}.fits`,
    module: "chai-lfa",
    checksum: "xxh128:00000000000000000000000000000000",
    size: 1,
    created_at: "2026-11-30T01:42:35Z",
  }));
  answerCall("GET /api/v1/raw-data-files", 200, { items, next_cursor: null });
  await go(`/observations?pane=${pathOf(1)}`, 1920);
  const files = pane.getByRole("table", { name: "Files of this observation" });
  await expect.element(files.getByText("scan-000.fits")).toBeInTheDocument();
  expect(files.getByText("scan-199.fits").elements()).toEqual([]);
  const toTheEnd = () => {
    const scroller = [...pane.element().children].find((part) => part.scrollHeight > part.clientHeight);
    scroller?.scrollTo({ top: scroller.scrollHeight });
    return files.getByText("scan-199.fits").elements().length;
  };
  await expect.poll(toTheEnd).toBe(1);
  expect(window.scrollY).toBe(0);
  expect(document.documentElement.scrollHeight).toBeLessThan(1400);
  expectNoSidewaysScroll();
});

test("an address that nothing is at leaves the list as it is", async () => {
  await go("/observations?pane=/nothing/%zz");
  await expect.element(title).toMatchTextContent("Not found");
  await expect.element(rowOf("M82")).toBeVisible();
  await pane.getByRole("button", { name: "Close" }).click();
  await expect.element(pane).not.toBeInTheDocument();
});

test("without room for both, a row leads to its page, and the address to what it has beside", async () => {
  const router = await go(`/observations?pane=${pathOf(2)}`, 1280);
  await expect.element(page.getByRole("link", { name: "Open that page" })).toHaveAttribute("href", pathOf(2));
  expect(pane.elements()).toEqual([]);
  await rowOf("M82").click();
  await expect.poll(() => router.state.location.href).toBe(pathOf(1));
  await expect.element(page.getByRole("heading", { level: 1 })).toMatchTextContent(/^M82/);
});

test("errors open beside the first view when the address asks for nothing else", async () => {
  const router = await go(`/errors?pane=/errors/${idOf(1)}`);
  await expect.poll(() => router.state.location.searchStr).toContain("open=true");
  expect(router.state.location.searchStr).toContain(`pane=/errors/${idOf(1)}`);
});
