import { expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import type { Column } from "~/lists/columns";
import { ListView, type ListViewProps } from "~/lists/ListView";
import { answerList, answerQuery, type Execution, execution, executions, LIST } from "~/lists/list.fixtures";
import { answerCall, requests } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, person, show } from "~tests/show";

const COLUMNS: readonly Column<Execution>[] = [
  { id: "unit", header: "Obs unit", cell: (row) => row.obs_unit, card: "title" },
  { id: "status", header: "Status", cell: (row) => row.status, card: "state" },
  { id: "started", header: "Started", cell: (row) => row.started_at, sort: "started_at", card: "time" },
  { id: "modules", header: "Modules", cell: (row) => row.modules.join(", ") },
  { id: "pwv", header: "pwv", cell: (row) => row.mean_pwv ?? "–", align: "end" },
];
const READER = person(["read:observations"]);
const TABLE = page.getByRole("table", { name: "Observations" });

function List(props: Partial<ListViewProps<typeof LIST>>) {
  return (
    <ListView
      operation="list_executions"
      path={LIST}
      label="Observations"
      columns={COLUMNS}
      rowLink={({ id }) => ({ to: "/observations/$id", params: { id } })}
      empty={<p>Nothing has been observed yet.</p>}
      {...props}
    />
  );
}

function rowsShown() {
  return TABLE.getByRole("row").elements().slice(1);
}

/** Addresses of the list that were asked for. */
function asked() {
  return requests()
    .map(({ address }) => address)
    .filter((address) => address.startsWith(LIST));
}

test("shows rows with their links, the count and the order of the contract", async () => {
  answerList(executions(1, 3));
  await show(<List />, { me: READER });
  await expect.element(TABLE).toMatchAriaInlineSnapshot(`
    - table "Observations":
      - rowgroup:
        - row "Obs unit Status Started Modules pwv":
          - columnheader "Obs unit"
          - columnheader "Status"
          - columnheader "Started":
            - button "Started"
          - columnheader "Modules"
          - columnheader "pwv"
      - rowgroup:
        - row "Unit 1 completed 2026-02-28T23:59:00.000Z chai-lfa –":
          - cell "Unit 1":
            - link "Unit 1":
              - /url: /observations/01a22a1f-eb69-7115-8b1c-000000000001
          - cell "completed"
          - cell "2026-02-28T23:59:00.000Z"
          - cell "chai-lfa"
          - cell "–"
        - row "Unit 2 completed 2026-02-28T23:58:00.000Z chai-lfa –":
          - cell "Unit 2":
            - link "Unit 2":
              - /url: /observations/01a22a1f-eb69-7115-8b1c-000000000002
          - cell "completed"
          - cell "2026-02-28T23:58:00.000Z"
          - cell "chai-lfa"
          - cell "–"
        - row "Unit 3 completed 2026-02-28T23:57:00.000Z chai-lfa –":
          - cell "Unit 3":
            - link "Unit 3":
              - /url: /observations/01a22a1f-eb69-7115-8b1c-000000000003
          - cell "completed"
          - cell "2026-02-28T23:57:00.000Z"
          - cell "chai-lfa"
          - cell "–"
  `);
  await expect.element(TABLE).toHaveAttribute("aria-rowcount", "4");
  await expectAccessible();
});

test("has an editor for each filter of the contract, and one of them leaves the others alone", async () => {
  answerList(executions(1, 3));
  const { router } = await show(<List />, { me: READER, at: "/?source=M82&columns=unit,pwv&pane=x" });
  const names = page.getByRole("group", { name: "Filters" }).getByRole("button");
  await expect.element(names.first()).toBeVisible();
  expect(names.elements().map((button) => button.textContent || button.getAttribute("aria-label"))).toEqual([
    "source is M82",
    "Remove: source is M82",
    "obs unit",
    "instrument",
    "module",
    "program",
    "status",
    "time",
    "All filters",
  ]);
  await page.getByRole("button", { name: "status", exact: true }).click();
  await page.getByRole("checkbox", { name: "failed" }).click();
  await expect
    .element(page.getByRole("button", { name: "status is failed", exact: true }))
    .toBeInTheDocument();
  expect(router.state.location.searchStr).toBe("?source=M82&columns=unit,pwv&pane=x&status=failed");
  await expect.poll(() => asked().at(-1)).toBe(`${LIST}?limit=200&source=M82&status=failed`);
  await userEvent.keyboard("{Escape}");
  await page.getByRole("button", { name: "Remove: source is M82" }).click();
  await expect.element(page.getByRole("button", { name: "source", exact: true })).toBeVisible();
  expect(router.state.location.searchStr).toBe("?columns=unit,pwv&pane=x&status=failed");
  await expectAccessible();
});

test("takes text and ranges of time", async () => {
  answerList(executions(1, 3));
  const { router } = await show(<List />, { me: READER });
  await page.getByRole("button", { name: "source" }).click();
  await page.getByRole("textbox", { name: "source" }).fill("  Orion KL & <b>  ");
  await userEvent.keyboard("{Enter}");
  await expect
    .element(page.getByRole("button", { name: "source is Orion KL & <b>", exact: true }))
    .toBeVisible();
  await page.getByRole("button", { name: "time" }).click();
  await page.getByRole("textbox", { name: "before" }).fill("yesterday");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect.element(page.getByRole("textbox", { name: "before" })).toHaveAttribute("aria-invalid", "true");
  await page.getByRole("button", { name: "last 12 h" }).click();
  await expect.element(page.getByRole("button", { name: "time last 12 h", exact: true })).toBeVisible();
  expect(router.state.location.searchStr).toBe("?source=Orion+KL+%26+%3Cb%3E&since=now-12h");
});

test("none match: each filter can be left out alone", async () => {
  answerList([]);
  const { router } = await show(<List />, { me: READER, at: "/?source=M82&status=failed" });
  await expect.element(page.getByText("None match.")).toBeVisible();
  await expectAccessible();
  await page.getByRole("button", { name: "without it (source is M82)" }).click();
  await expect.poll(() => router.state.location.searchStr).toBe("?status=failed");
});

test("never any: says what would be here", async () => {
  answerList([]);
  await show(<List />, { me: READER });
  await expect.element(page.getByText("Nothing has been observed yet.")).toBeVisible();
});

test("a wrong value is a problem that can be removed; until then nothing is asked", async () => {
  answerList(executions(1, 3));
  const { router } = await show(<List />, { me: READER, at: "/?status=asleep&source=M82" });
  await expect.element(page.getByRole("alert").getByText(/is none of running/)).toBeVisible();
  expect(asked()).toEqual([]);
  await expectAccessible();
  await page.getByRole("button", { name: "remove it" }).click();
  await expect.element(TABLE).toBeVisible();
  expect(router.state.location.searchStr).toBe("?source=M82");
});

test("views stand as tabs, and the one that is shown is marked", async () => {
  answerList(executions(1, 3));
  const presets = [
    { id: "all", label: "All", query: {} },
    { id: "failed", label: "Failed", query: { status: "failed", sort: "started_at" } },
  ];
  const { router } = await show(<List presets={presets} />, { me: READER, at: "/?columns=unit" });
  const tab = (name: string) => page.getByRole("button", { name, exact: true });
  await expect.element(tab("All")).toHaveAttribute("aria-pressed", "true");
  await tab("Failed").click();
  await expect.element(tab("Failed")).toHaveAttribute("aria-pressed", "true");
  await expect.element(tab("All")).toHaveAttribute("aria-pressed", "false");
  expect(router.state.location.searchStr).toBe("?columns=unit&status=failed&sort=started_at");
});

test("heads of columns turn the order round", async () => {
  answerList(executions(1, 3));
  const { router } = await show(<List />, { me: READER });
  const head = page.getByRole("columnheader", { name: "Started" });
  await expect.element(head).toHaveAttribute("aria-sort", "descending");
  await head.getByRole("button").click();
  await expect.element(head).toHaveAttribute("aria-sort", "ascending");
  expect(router.state.location.searchStr).toBe("?sort=started_at");
  await expect.element(page.getByRole("columnheader", { name: "Modules" })).not.toHaveAttribute("aria-sort");
});

test("columns are chosen in the address", async () => {
  answerList(executions(1, 3));
  const { router } = await show(<List />, { me: READER });
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Modules" }).click();
  await expect.element(page.getByRole("columnheader", { name: "Modules" })).not.toBeInTheDocument();
  expect(router.state.location.searchStr).toBe("?columns=unit,status,started,pwv");
  await page.getByRole("menuitem", { name: "Those that fit" }).click();
  await expect
    .element(page.getByRole("columnheader", { name: "Modules", includeHidden: true }))
    .toBeInTheDocument();
  expect(router.state.location.searchStr).toBe("");
});

test("more pages follow by cursor", async () => {
  answerQuery("limit=200", executions(1, 200), "c1");
  answerQuery("limit=200&cursor=c1", executions(201, 230));
  await show(<List />, { me: READER });
  await expect.element(TABLE).toHaveAttribute("aria-rowcount", "-1");
  await expect.element(page.getByText("the first 200")).toBeVisible();
  await page.getByRole("button", { name: "Load more" }).click();
  await expect.element(TABLE).toHaveAttribute("aria-rowcount", "231");
  await expect.element(page.getByRole("button", { name: "Load more" })).not.toBeInTheDocument();
});

test("at the top new rows slide in; below it they are counted and nothing moves", async () => {
  answerList(executions(10, 60));
  const { cache } = await show(<List />, { me: READER });
  const refresh = () => cache.refetchQueries({ predicate: ({ queryKey }) => queryKey.at(-1) === "refresh" });
  await expect.element(TABLE.getByText("Unit 10", { exact: true })).toBeVisible();
  answerList(executions(9, 60));
  await refresh();
  await expect.element(TABLE.getByText("Unit 9", { exact: true })).toBeVisible();

  window.scrollTo({ top: 900 });
  const row = TABLE.getByText("Unit 40", { exact: true });
  const before = row.element().getBoundingClientRect().top;
  answerList([
    execution(8),
    ...executions(9, 39),
    execution(40, { obs_unit: "Unit 40 renamed" }),
    ...executions(42, 60),
  ]);
  await refresh();
  await expect.element(page.getByRole("button", { name: "1 new" })).toBeVisible();
  await expect.element(TABLE.getByText("Unit 40 renamed")).toBeVisible();
  expect(TABLE.getByText("Unit 40 renamed").element().getBoundingClientRect().top).toBe(before);
  const gone = TABLE.getByText("Unit 41", { exact: true }).element().closest("tr");
  expect(gone?.dataset.gone).toBe("true");
  await expectAccessible(gone ?? undefined);

  await page.getByRole("button", { name: "1 new" }).click();
  await expect.element(TABLE.getByText("Unit 8", { exact: true })).toBeVisible();
  expect(window.scrollY).toBe(0);
  await expect.element(TABLE.getByText("Unit 41", { exact: true })).not.toBeInTheDocument();
});

test("a refresh changes what a cell says, not the cell: what is open in it stays open", async () => {
  answerList(executions(1, 3));
  const { cache } = await show(<List columns={[...COLUMNS]} />, { me: READER });
  await expect.element(TABLE.getByText("Unit 2")).toBeVisible();
  const link = TABLE.getByText("Unit 2").element();
  answerList([execution(1), execution(2, { obs_unit: "Unit 2 renamed" }), execution(3)]);
  await cache.refetchQueries({ predicate: ({ queryKey }) => queryKey.at(-1) === "refresh" });
  await expect.element(TABLE.getByText("Unit 2 renamed")).toBeVisible();
  expect(TABLE.getByText("Unit 2 renamed").element()).toBe(link);
});

test("a refresh that fails leaves the rows, with the problem and the way on", async () => {
  answerList(executions(1, 3));
  const { cache } = await show(<List />, { me: READER });
  await expect.element(TABLE).toBeVisible();
  const problem = {
    type: "x/service-unavailable",
    title: "Too busy",
    detail: "Later.",
    request_id: "req-1",
    status: 503,
  };
  answerCall(`GET ${LIST}`, 503, problem);
  await cache.refetchQueries({ predicate: ({ queryKey }) => queryKey.at(-1) === "refresh" });
  await expect.element(page.getByRole("alert").getByText("Too busy")).toBeVisible();
  expect(rowsShown().length).toBe(3);
});

test("says which permission is missing and which roles give it, and asks no more", async () => {
  answerCall(`GET ${LIST}`, 403, {
    type: "x/forbidden",
    title: "Forbidden",
    detail: "This needs the permission read:observations.",
    request_id: "req-1",
    status: 403,
    permission: "read:observations",
    roles: ["scientist", "operator"],
  });
  await show(<List />, { me: person([]) });
  await expect.element(page.getByText("read:observations")).toBeVisible();
  await expect.element(page.getByText(/scientist, operator/)).toBeVisible();
  expect(page.getByRole("button").elements()).toEqual([]);
  expect(asked().length).toBe(1);
  await expectAccessible();
});

test("keys move over rows, open and tick them", async () => {
  answerList(executions(1, 5));
  const { router } = await show(<List />, { me: READER });
  await expect.element(TABLE).toBeVisible();
  const row = (number: number) => rowsShown()[number] as HTMLElement;
  row(0).focus();
  await userEvent.keyboard("jj{ArrowDown}k");
  await expect.poll(() => document.activeElement).toBe(row(2));
  await userEvent.keyboard("{Enter}");
  await expect.poll(() => router.state.location.pathname).toBe(`/observations/${execution(3).id}`);
});

test("thousands of rows: only those near the window are in the page, and keys reach the others", async () => {
  answerList(executions(1, 3000));
  await show(<List />, { me: READER });
  await expect.element(TABLE).toHaveAttribute("aria-rowcount", "3001");
  expect(rowsShown().length).toBeLessThan(120);
  window.scrollTo({ top: 40_000 });
  await expect.poll(() => Number(rowsShown()[0]?.getAttribute("aria-rowindex") ?? 0)).toBeGreaterThan(500);
  expect(rowsShown().length).toBeLessThan(120);
  expectNoSidewaysScroll();
});

test("narrow: cards with the rest folded, filters and order in sheets and menus", async () => {
  answerList(executions(1, 3));
  const { router } = await show(<List />, { me: READER, width: "narrow", at: "/?source=M82" });
  const cards = page.getByRole("list", { name: "Observations" });
  await expect.element(cards).toMatchAriaInlineSnapshot(`
    - list "Observations":
      - listitem:
        - link "Unit 1":
          - /url: /observations/01a22a1f-eb69-7115-8b1c-000000000001
        - text: completed Started 2026-02-28T23:59:00.000Z
        - group: More
      - listitem:
        - link "Unit 2":
          - /url: /observations/01a22a1f-eb69-7115-8b1c-000000000002
        - text: completed Started 2026-02-28T23:58:00.000Z
        - group: More
      - listitem:
        - link "Unit 3":
          - /url: /observations/01a22a1f-eb69-7115-8b1c-000000000003
        - text: completed Started 2026-02-28T23:57:00.000Z
        - group: More
  `);
  expectNoSidewaysScroll();
  await page.getByRole("button", { name: "Sort" }).click();
  await page.getByRole("menuitemradio", { name: "Started, oldest first" }).click();
  await expect.poll(() => router.state.location.searchStr).toBe("?source=M82&sort=started_at");
  await userEvent.keyboard("{Escape}");
  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByText("status", { exact: true }).first().click();
  await expectAccessible();
  await page.getByRole("checkbox", { name: "failed" }).click();
  await expect.poll(() => router.state.location.searchStr).toBe("?source=M82&sort=started_at&status=failed");
});

test.each(["narrow", "normal", "wide"] as const)("hostile texts stand as they are, %s", async (width) => {
  const rows = Object.values(HOSTILE).map((text, index) =>
    execution(index, { obs_unit: text, modules: [text, text], status: text as Execution["status"] }),
  );
  answerList(rows);
  await show(<List />, { me: READER, width, at: `/?source=${encodeURIComponent(HOSTILE.markup)}` });
  await expect.element(page.getByText(HOSTILE.markup, { exact: true }).first()).toBeVisible();
  await expect.element(page.getByText(HOSTILE.long, { exact: true }).first()).toBeVisible();
  await expect.element(page.getByText(`source is ${HOSTILE.markup}`)).toBeVisible();
  expect(Reflect.get(window, "hit")).toBeUndefined();
  expectNoSidewaysScroll();
});

test("a list inside another page keeps its filters out of the address and offers no filter that is fixed", async () => {
  answerList(executions(1, 3));
  const { router } = await show(<List fixed={{ source: "M82" }} />, { me: READER });
  await expect.element(TABLE).toBeVisible();
  await expect.element(page.getByRole("button", { name: "source" })).not.toBeInTheDocument();
  await page.getByRole("button", { name: "status", exact: true }).click();
  await page.getByRole("checkbox", { name: "failed" }).click();
  await expect.poll(() => asked().at(-1)).toBe(`${LIST}?limit=200&status=failed&source=M82`);
  expect(router.state.location.searchStr).toBe("");
});

test("a place in the list that is not known any more leaves what was read there, and the rest is current", async () => {
  answerQuery("limit=200", executions(1, 200), "c2");
  answerQuery("limit=200&cursor=c2", executions(201, 230));
  const { cache } = await show(<List />, { me: READER });
  await page.getByRole("button", { name: "Load more" }).click();
  await expect.element(TABLE).toHaveAttribute("aria-rowcount", "231");
  window.scrollTo({ top: document.documentElement.scrollHeight });
  await expect.element(TABLE.getByText("Unit 230", { exact: true })).toBeVisible();
  const gone = { type: "x/bad-cursor", title: "Bad cursor", detail: "No.", request_id: "r", status: 400 };
  answerCall(`GET ${LIST}?limit=200&cursor=c2`, 400, gone);
  await cache.refetchQueries({ predicate: ({ queryKey }) => queryKey.at(-1) === "refresh" });
  expect(asked().filter((address) => address.includes("cursor=c2")).length).toBe(2);
  await expect.element(TABLE.getByText("Unit 230", { exact: true })).toBeVisible();
  const refreshes = cache
    .getQueryCache()
    .findAll({ predicate: ({ queryKey }) => queryKey.at(-1) === "refresh" });
  expect(refreshes.map(({ state }) => state.error)).toEqual([null]);
});

test("what only the API can refuse of an address is named, too, and goes when it is removed", async () => {
  answerList(executions(1, 3));
  answerCall(`GET ${LIST}?limit=200&night=monday`, 422, {
    type: "x/invalid-request",
    title: "Invalid request",
    status: 422,
    detail: "night: Input should be a valid date (and 1 more)",
    request_id: "r",
    errors: [
      { field: "night", reason: "Input should be a valid date" },
      { field: "night", reason: "Input should be 'last' or 'tonight'" },
    ],
  });
  const { router } = await show(<List />, { me: READER, at: "/observations?night=monday" });
  const note = page.getByRole("alert");
  await expect.element(note).toMatchTextContent(/night=monday is refused: Input should be a valid date\./);
  await note.getByRole("button", { name: "remove it" }).click();
  await expect.element(TABLE).toBeVisible();
  expect(router.state.location.search).toEqual({});
});
