import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { ObservationPage } from "~/pages/observations/ObservationPage";
import { ObservationsPage } from "~/pages/observations/ObservationsPage";
import { EXECUTION, LISTED, PACKAGE, PROGRESS } from "~/pages/observations/observations.fixtures";
import { answer, answerCall } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, person, show } from "~tests/show";

const ID = EXECUTION.id;
const SCIENTIST = person(["read:observations", "read:data", "read:events", "stage:data"]);
const NO_ROWS = { items: [], next_cursor: null };

beforeEach(() => {
  const address = `/api/v1/executed-obs-units/${ID}`;
  answer(address as "/api/v1/executed-obs-units/{execution_id}", EXECUTION);
  answer(`${address}/progress` as "/api/v1/executed-obs-units/{execution_id}/progress", PROGRESS);
  answer("/api/v1/raw-data-packages", { items: [PACKAGE], next_cursor: null });
  answer("/api/v1/data-locations", NO_ROWS);
  answer("/api/v1/staging-jobs", NO_ROWS);
  answer("/api/v1/raw-data-files", NO_ROWS);
  answer("/api/v1/events", NO_ROWS);
});

test("a single package is downloaded from the top of the page", async () => {
  await show(<ObservationPage id={ID} />, { me: SCIENTIST });
  await expect
    .element(page.getByRole("heading", { level: 1 }))
    .toMatchTextContent("Orion-KLOrion-KL_CHAI_CO76");
  await expect
    .element(page.getByRole("link", { name: "Download package" }))
    .toHaveAttribute("href", `/api/v1/raw-data-packages/${PACKAGE.id}/content`);
  await expect.element(page.getByRole("region", { name: "Files", exact: true })).toBeVisible();
  expect(page.getByText("Why it does not go on").elements()).toEqual([]);
  await expectAccessible();
});

test("what cannot be the id of anything is not found", async () => {
  answerCall("GET /api/v1/executed-obs-units/not-an-id", 422, {
    type: "x/invalid-request",
    title: "Invalid request",
    status: 422,
    detail: "execution_id: Input should be a valid UUID",
    request_id: "r",
    errors: [{ field: "execution_id", reason: "Input should be a valid UUID" }],
  });
  await show(<ObservationPage id="not-an-id" />, { me: SCIENTIST });
  await expect.element(page.getByText("There is nothing at this address, or not yet.")).toBeVisible();
});

test("a narrow page shows what arrived first and folds the rest", async () => {
  await show(<ObservationPage id={ID} />, { me: SCIENTIST, width: "narrow" });
  await expect.element(page.getByText(/403 files arrived/)).toBeVisible();
  expect(page.getByRole("region", { name: "Files", exact: true }).elements()).toEqual([]);
  await page.getByRole("button", { name: "Files", exact: true }).click();
  await expect.element(page.getByRole("region", { name: "Files", exact: true })).toBeVisible();
  expectNoSidewaysScroll();
});

test("an observation that is not there is said", async () => {
  await show(<ObservationPage id="01a22a1e-0000-70f1-b51a-fe47bfc250d2" />, { me: SCIENTIST });
  await expect
    .element(page.getByText("There is no observation 01a22a1e-0000-70f1-b51a-fe47bfc250d2."))
    .toBeVisible();
  await expect
    .element(page.getByRole("link", { name: "Go to Observations" }))
    .toHaveAttribute("href", "/observations");
});

test.each(["narrow", "normal"] as const)(
  "the list says what became of the data of each: %s",
  async (width) => {
    const data = {
      state: "failed",
      files: 403,
      bytes: 25_000_000,
      files_unpackaged: 0,
      packages: { archived: 1, failed: 1, transferring: 0, waiting: 0 },
      reason: "given_up",
      reason_detail: null,
      reason_since: null,
    } as const;
    answer("/api/v1/executed-obs-units", { items: [{ ...EXECUTION, data }], next_cursor: null });
    await show(<ObservationsPage />, { me: SCIENTIST, width, at: "/observations" });
    await expect.element(page.getByText("needs somebody")).toBeVisible();
    await expect.element(page.getByText("1 of 2 packages archived, 1 given up")).toBeVisible();
    await expect.element(page.getByRole("button", { name: "given up" })).toBeVisible();
    await expectAccessible();
    expectNoSidewaysScroll();
  },
);

test("data on a stopped route wait, and can be staged once they are archived", async () => {
  const moving = { ...LISTED.data, reason: "in_progress" };
  const rows = [LISTED.data, moving].map((one, index) => ({ ...EXECUTION, id: `${index}`, data: one }));
  answer("/api/v1/executed-obs-units", { items: rows, next_cursor: null });
  await show(<ObservationsPage />, { me: SCIENTIST, at: "/observations" });
  const row = page.getByRole("row").nth(1);
  await expect.element(row).toMatchTextContent(/waits\s*for .*route circuit open/);
  await row.getByText("not yet").hover();
  await expect.element(page.getByRole("tooltip")).toMatchTextContent(/once it is archived/);
  await expect.element(page.getByRole("row").nth(2)).toMatchTextContent("on the way");
  expect(page.getByRole("button", { name: /^Stage/ }).elements()).toEqual([]);
});

test("the observations before and after are one press away", async () => {
  const LIST = "GET /api/v1/executed-obs-units";
  const before = { ...LISTED, id: "01a22a1e-0000-70f1-b51a-000000000001", source: "M82" };
  const after = { ...LISTED, id: "01a22a1e-0000-70f1-b51a-000000000002", source: "NGC 253" };
  const since = encodeURIComponent(EXECUTION.started_at);
  answerCall(`${LIST}?until=${since}&sort=-started_at&limit=1`, 200, { items: [before], next_cursor: null });
  answerCall(`${LIST}?since=${since}&sort=started_at&limit=2`, 200, {
    items: [{ ...LISTED, id: ID }, after],
    next_cursor: null,
  });
  await show(<ObservationPage id={ID} />, { me: SCIENTIST });
  await expect
    .element(page.getByRole("link", { name: "Previous observation: M82" }))
    .toHaveAttribute("href", `/observations/${before.id}`);
  await expect
    .element(page.getByRole("link", { name: "Next observation: NGC 253" }))
    .toHaveAttribute("href", `/observations/${after.id}`);
  await expectAccessible();
});
