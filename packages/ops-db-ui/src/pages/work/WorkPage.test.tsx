import { beforeEach, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { answerNames } from "~/api/names.fixtures";
import type { components } from "~/api/schema.gen";
import { AT, badWork } from "~/pages/overview/nights.fixtures";
import { WorkPage } from "~/pages/work/WorkPage";
import { CATEGORIES, OPEN, REASONS } from "~/pages/work/work.fixtures";
import { setClock } from "~/time/now";
import { answer, answerCall, requests } from "~tests/answers";
import { stopClock } from "~tests/clock";
import { expectAccessible, expectNoSidewaysScroll, person, show } from "~tests/show";

beforeEach(() => {
  stopClock(AT);
  answer("/api/v1/open-work/groups", badWork);
  answer("/api/v1/open-work", { items: [...OPEN], next_cursor: null });
});

const OPERATOR = person(["read:transfers", "read:locations", "manage:transfers"]);

const CHANGED: components["schemas"]["ChangedWork"] = {
  verb: "retry",
  dry_run: true,
  done: 2,
  bytes: 31e9,
  by_kind: [{ kind: "package_creation", count: 2, bytes: 31e9 }],
  refused: [
    {
      kind: "package_creation",
      id: "22222222-2222-4222-8222-222222222222",
      slug: "conflict",
      text: "it was completed a moment ago",
    },
  ],
  more: false,
};

const BY_KIND: typeof badWork = {
  ...badWork,
  by: "kind",
  groups: [
    {
      ...(badWork.groups.at(-1) ?? expect.fail()),
      key: "package_creation",
      error_categories: { checksum_mismatch: 2 },
    },
  ],
};

function asked(path: string): URLSearchParams[] {
  return requests()
    .filter(({ address }) => address.split("?")[0] === path)
    .map(({ address }) => new URLSearchParams(address.split("?")[1] ?? ""));
}

test("groups tell how much, how old, what happens next and whose turn it is", async () => {
  await show(<WorkPage />, { at: "/work", me: OPERATOR });
  await expect
    .element(page.getByText("264 pieces of work are open: 8.40 TB, each package counted once."))
    .toBeVisible();
  const group = page.getByRole("listitem").first();
  await expect
    .element(group)
    .toMatchTextContent(/214.*Route paused after failures.*7.90 TB.*7 h 46 min.*the staff of the site/);
  await expect.element(group).toMatchTextContent(/By itself\s*in 12 min: One transfer tries the route/);
  await expectAccessible();
});

test("groups say where, of what, what failed last and who by name must act", async () => {
  answerNames();
  answer("/api/v1/error-categories", CATEGORIES);
  answer("/api/v1/waiting-reasons", REASONS);
  await show(<WorkPage />, { at: "/work", me: OPERATOR });
  const paused = page.getByRole("listitem").first();
  await expect
    .element(paused)
    .toMatchTextContent(/route summit-cologne.*summit-buffer.*the staff at FYST and Cologne/);
  await expect.element(paused).toMatchTextContent(/What to do\s*See the errors of the route\./);
  await expect.element(paused.getByRole("link", { name: "+49 221 4710 100" })).toBeVisible();
  await expect
    .element(paused.getByRole("link", { name: "Errors of summit-cologne" }))
    .toHaveAttribute("href", "/errors?open=true&route=summit-cologne");
  await expect
    .element(paused.getByRole("link", { name: "summit-buffer", exact: true }))
    .toHaveAttribute("href", "/places/locations/summit-buffer");
  const failed = page.getByRole("listitem").last();
  await expect.element(failed).toMatchTextContent(/you, or another operator.*3 package creations/);
  await expect
    .element(failed)
    .toMatchTextContent(
      /Last error\s*File has another checksum\. Put the file back as it was filed\. Then retry it\./,
    );
});

test("copies that stay are no work, and each of several turns is named", async () => {
  answerNames();
  const [first = expect.fail(), ...others] = badWork.groups;
  const groups = [
    { ...first, turns: { site: 200, instrument: 14 } },
    ...others.map((group) => ({ ...group, kinds: { package_copy: group.count } })),
  ];
  answer("/api/v1/open-work/groups", { ...badWork, groups });
  await show(<WorkPage />, { at: "/work", me: OPERATOR });
  await expect
    .element(page.getByText(/^214 pieces of work are open, and 50 copies stay where they are: 8.40 TB/))
    .toBeVisible();
  await expect
    .element(page.getByRole("listitem").first())
    .toMatchTextContent(/the staff at FYST and Cologne \(200\).*the .*team.* \(14\)/);
});

test("opening a group asks for its rows only and stands in the address", async () => {
  const { router } = await show(<WorkPage />, { at: "/work", me: OPERATOR });
  await page
    .getByRole("button", { name: /Given up/ })
    .last()
    .click();
  await expect.element(page.getByRole("table", { name: "Open work" })).toBeVisible();
  expect(asked("/api/v1/open-work").at(-1)?.getAll("reason")).toEqual(["given_up"]);
  expect(router.state.location.search).toEqual({ open: "given_up" });
  await expectAccessible();
});

test("an address with filters opens the page as it was left", async () => {
  await show(<WorkPage />, { at: "/work?turn=operator&by=place&open=chai-disk", me: OPERATOR });
  await expect.element(page.getByRole("button", { name: "turn is operator" })).toBeVisible();
  const groups = asked("/api/v1/open-work/groups").at(-1);
  expect(groups?.get("by")).toBe("place");
  expect(groups?.getAll("turn")).toEqual(["operator"]);
});

test("a grouping that there is not is named, and nothing is grouped until it is removed", async () => {
  const { router } = await show(<WorkPage />, { at: "/work?by=foo&turn=operator", me: OPERATOR });
  await expect.element(page.getByRole("alert")).toMatchTextContent(/by=foo is none of reason, place,/);
  expect(asked("/api/v1/open-work/groups")).toEqual([]);
  await expectAccessible();
  await page.getByRole("button", { name: "remove it" }).click();
  await expect.poll(() => router.state.location.search).toEqual({ turn: "operator" });
  await expect.element(page.getByRole("button", { name: /Given up/ }).last()).toBeVisible();
});

test("presets: what is mine to solve, and what waits longest as one list", async () => {
  const { router } = await show(<WorkPage />, { at: "/work", me: OPERATOR });
  await page.getByRole("button", { name: "Mine to solve" }).click();
  expect(router.state.location.search).toEqual({ turn: "operator" });
  await page.getByRole("button", { name: "Longest waiting" }).click();
  await expect.element(page.getByRole("table", { name: "Open work" })).toBeVisible();
  expect(asked("/api/v1/open-work").at(-1)?.get("sort")).toBe("waiting_since");
  await expect
    .element(page.getByRole("button", { name: "Longest waiting" }))
    .toHaveAttribute("aria-pressed", "true");
});

test("every row that waits says why, and given-up work is retried from its row", async () => {
  answerCall("POST /api/v1/package-creations/22222222-2222-4222-8222-222222222222:retry", 200, {});
  await show(<WorkPage />, { at: "/work?by=none", me: OPERATOR });
  const row = page.getByRole("row", { name: /Package creation/ });
  await expect.element(row).toMatchTextContent(/00042.fits: sha256 is 9f2c…, filed was 1b77…/);
  await row.getByRole("button", { name: "Retry" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Retry" }).click();
  await expect
    .poll(() => requests().filter(({ method }) => method === "POST"))
    .toMatchObject([{ address: "/api/v1/package-creations/22222222-2222-4222-8222-222222222222:retry" }]);
});

test("a whole group is retried after its dry run, with a reason", async () => {
  answerCall("POST /api/v1/open-work:retry", 200, CHANGED);
  answer("/api/v1/error-categories", CATEGORIES);
  answerCall(
    "GET /api/v1/open-work/groups?turn=operator&reason=given_up&status=failed&status=cancelled&by=kind",
    200,
    BY_KIND,
  );
  await show(<WorkPage />, { at: "/work?turn=operator", me: OPERATOR });
  await page.getByRole("button", { name: "Retry 3 package creations" }).click();
  const dialog = page.getByRole("dialog");
  await expect.element(dialog).toMatchTextContent(/2 are retried, 31.0 GB to move anew/);
  await expect
    .element(dialog)
    .toMatchTextContent(
      /2 package creations2 × File has another checksum: Put the file back as it was filed/,
    );
  await expect.element(dialog).toMatchTextContent("it was completed a moment ago");
  await dialog.getByRole("textbox", { name: "Reason" }).fill("the disk is back");
  await dialog.getByRole("button", { name: "Retry 3 package creations" }).click();
  await expect
    .poll(() =>
      requests()
        .filter(({ method }) => method === "POST")
        .map(({ body }) => body),
    )
    .toMatchObject([
      { where: { turn: ["operator"], reason: ["given_up"] }, dry_run: true },
      { where: { turn: ["operator"], reason: ["given_up"] }, dry_run: false, reason: "the disk is back" },
    ]);
  await expect.element(dialog).not.toBeInTheDocument();
});

test("a group that nobody can retry or cancel has no such button", async () => {
  await show(<WorkPage />, { at: "/work", me: OPERATOR });
  const group = page.getByRole("listitem").nth(1);
  await expect.element(group).toMatchTextContent("Kept while there is room");
  expect(group.getByRole("button", { name: /Retry|Cancel/ }).elements()).toEqual([]);
});

test("cancelling asks why", async () => {
  await show(<WorkPage />, { at: "/work?by=none", me: OPERATOR });
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).last().click();
  await expect.element(page.getByRole("alert")).toMatchTextContent("Say why.");
  expect(requests().filter(({ method }) => method === "POST")).toEqual([]);
});

test("who may not manage transfers finds retry disabled with the permission", async () => {
  await show(<WorkPage />, { at: "/work?by=none", me: person(["read:transfers"]) });
  const retry = page.getByRole("button", { name: "Retry" });
  await expect.element(retry).toHaveAttribute("aria-disabled", "true");
  await expect.element(retry).toHaveAccessibleDescription(/manage:transfers/);
});

test("nothing open is said, with what would be here", async () => {
  answer("/api/v1/open-work/groups", { ...badWork, count: 0, bytes: 0, groups: [] });
  await show(<WorkPage />, { at: "/work", me: OPERATOR });
  await expect.element(page.getByText("Nothing is open.")).toBeVisible();
  await expectAccessible();
});

test("filters that leave nothing say so", async () => {
  answer("/api/v1/open-work/groups", { ...badWork, count: 0, bytes: 0, groups: [] });
  await show(<WorkPage />, { at: "/work?turn=requester", me: OPERATOR });
  await expect.element(page.getByText("None match.")).toBeVisible();
});

test("a wrong address is told and nothing is asked", async () => {
  await show(<WorkPage />, { at: "/work?turn=nobody", me: OPERATOR });
  await expect.element(page.getByText(/nobody/)).toBeVisible();
  expect(asked("/api/v1/open-work/groups")).toEqual([]);
});

test("a failure of the API says what to do", async () => {
  answerCall("GET /api/v1/open-work/groups", 503, {
    type: "https://ccat.example/problems/database-unreachable",
    title: "The database does not answer",
    status: 503,
    detail: "The API runs, its database does not answer.",
    request_id: "req-1",
    retry: { may: "same-request", after_seconds: 5 },
  });
  await show(<WorkPage />, { at: "/work", me: OPERATOR });
  await expect.element(page.getByRole("alert")).toMatchTextContent("The database does not answer");
});

test("a phone shows the heads of groups, and a tap opens one as cards", async () => {
  await show(<WorkPage />, { at: "/work", me: OPERATOR, width: "narrow" });
  expectNoSidewaysScroll();
  await page
    .getByRole("button", { name: /Given up/ })
    .last()
    .click();
  await expect.element(page.getByRole("list", { name: "Open work" })).toBeVisible();
  expectNoSidewaysScroll();
  await expectAccessible();
});

test("what several causes stopped is retried, and all is cancelled, below the rows only", async () => {
  const [first] = badWork.groups;
  if (first === undefined) throw new Error("the night has no groups");
  const several = { ...first, error_categories: { a: 1, b: 2 }, can: { retry: 3, cancel: 5 } };
  answer("/api/v1/open-work/groups", { ...badWork, groups: [several] });
  await show(<WorkPage />, { at: "/work", me: OPERATOR });
  const group = page.getByRole("listitem").first();
  await expect.element(group).toBeVisible();
  expect(group.getByRole("button", { name: /Retry|Cancel/ }).elements()).toEqual([]);
  await group.getByRole("button", { name: "Look at each" }).click();
  await expect.element(group.getByRole("button", { name: "Retry 3" })).toBeVisible();
  await expect.element(group.getByRole("button", { name: "Cancel 5" })).toBeVisible();
});

test("the last hours are those of the data centre, whatever the clock of the browser shows", async () => {
  stopClock("2031-07-01T00:00:00Z");
  setClock(new Date(AT), Date.now());
  await show(<WorkPage />, { at: "/work?waiting_since=now-12h", me: OPERATOR });
  await expect
    .element(page.getByText("264 pieces of work are open: 8.40 TB, each package counted once."))
    .toBeVisible();
  expect(asked("/api/v1/open-work/groups")[0]?.get("waiting_since")).toBe("2026-03-01T18:00:00.000Z");
});

test.each(["narrow", "normal"] as const)(
  "ticked rows are retried and cancelled together: %s",
  async (width) => {
    answerCall("POST /api/v1/open-work:retry", 200, CHANGED);
    answer("/api/v1/error-categories", CATEGORIES);
    await show(<WorkPage />, { at: "/work?by=none", me: OPERATOR, width });
    await expect.element(page.getByRole("checkbox").first()).toBeVisible();
    const bar = page.getByRole("region", { name: "Selected rows" });
    expect(bar.elements()).toEqual([]);
    for (const box of page.getByRole("checkbox").elements()) await userEvent.click(box);
    await expect.element(bar).toMatchTextContent(`${OPEN.length} selected`);
    await expectAccessible();
    expectNoSidewaysScroll();
    await bar.getByRole("button", { name: /^Retry/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Reason" }).fill("the disk is back");
    await dialog.getByRole("button", { name: /^Retry/ }).click();
    const retried = OPEN.filter(({ actions }) => actions.includes("retry")).map(({ id }) => id);
    await expect
      .poll(
        () =>
          requests()
            .filter(({ method }) => method === "POST")
            .at(-1)?.body,
      )
      .toMatchObject({ where: { id: retried }, dry_run: false, reason: "the disk is back" });
    await bar.getByRole("button", { name: "Clear" }).click();
    expect(bar.elements()).toEqual([]);
  },
);

test("a row is ticked with the key that the list of keys names", async () => {
  await show(<WorkPage />, { at: "/work?by=none", me: OPERATOR });
  const row = page.getByRole("row").nth(1);
  await expect.element(row).toBeVisible();
  (row.element() as HTMLElement).focus();
  await userEvent.keyboard("x");
  await expect.element(page.getByText("1 selected")).toBeVisible();
  await userEvent.keyboard("x");
  await expect.element(page.getByText("1 selected")).not.toBeInTheDocument();
});
