import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { answerNames } from "~/api/names.fixtures";
import { ErrorPage } from "~/pages/errors/ErrorPage";
import { ErrorsPage } from "~/pages/errors/ErrorsPage";
import { ERROR, HELD_UP, OF_SITES, OPEN_TRANSFER, PAUSED_ROUTE } from "~/pages/errors/errors.fixtures";
import { FIRST_VIEW } from "~/pages/errors/first-view";
import { TRANSFER } from "~/pages/work/work.fixtures";
import { answer } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, person, show } from "~tests/show";

const OPERATOR = person([
  "read:errors",
  "acknowledge:errors",
  "read:locations",
  "read:events",
  "read:transfers",
]);
const NO_ROWS = { items: [], next_cursor: null };

beforeEach(() => {
  answer(`/api/v1/errors/${ERROR.id}` as "/api/v1/errors/{error_id}", ERROR);
  answer("/api/v1/errors", { items: [ERROR], next_cursor: null });
  answer("/api/v1/events", NO_ROWS);
  answer("/api/v1/error-categories", {
    items: [
      {
        code: "location_suspect",
        text: "Location in doubt",
        meaning: "Many copies at the location failed at once.",
        remedy: "Check the storage. When it is sound again, run: ccat-transfer trust LOCATION --reason TEXT.",
        next: "It is tried again by itself, after pauses that grow up to half an hour.",
        turn: "site",
        help: "errors",
        error_class: "transient",
      },
    ],
  });
});

test("an error says what it is, where, since when, who is on it and what to do", async () => {
  await show(<ErrorPage id={ERROR.id} />, { me: OPERATOR });
  await expect
    .element(page.getByRole("heading", { level: 1 }))
    .toMatchTextContent("Location in doubtat us.lta");
  const wrong = page.getByRole("region", { name: "What is wrong" });
  await expect.element(wrong).toMatchTextContent(/nobody yet/);
  await expect.element(wrong.getByRole("button", { name: "Acknowledge" })).toBeVisible();
  await expect.element(wrong).toMatchTextContent(/“I look after it”; it stays open/);
  const todo = page.getByRole("region", { name: "What to do" });
  await expect.element(todo.getByText(/^ccat-transfer trust us\.lta --reason/)).toBeVisible();
  await expect
    .element(todo.getByRole("link", { name: "See the state of us.lta" }))
    .toHaveAttribute("href", "/places/locations/us.lta");
  await expect.element(page.getByText("Nothing changes until somebody acts.")).toBeVisible();
  await expectAccessible();
});

test("one of a transfer says what it holds up, when it is tried, by whom it is mended, and both ends", async () => {
  answerNames();
  answer(`/api/v1/errors/${ERROR.id}` as "/api/v1/errors/{error_id}", {
    ...ERROR,
    subject_type: "data_transfer",
    subject_id: TRANSFER.id,
    location: TRANSFER.source_location,
    category: "timeout",
  });
  answer("/api/v1/error-categories", OF_SITES);
  answer("/api/v1/open-work", { items: [OPEN_TRANSFER], next_cursor: null });
  answer(`/api/v1/routes/${TRANSFER.route}` as "/api/v1/routes/{name}", PAUSED_ROUTE);
  answer("/api/v1/open-work/groups", HELD_UP);
  await show(<ErrorPage id={ERROR.id} />, { me: OPERATOR });
  await expect
    .element(page.getByRole("heading", { level: 1 }))
    .toMatchTextContent(/on the route summit-cologne/);
  const held = page.getByRole("region", { name: "What it holds up" });
  await expect.element(held).toMatchTextContent(/Route summit-cologne paused/);
  await expect
    .element(held.getByRole("link", { name: "214: Route paused after failures" }))
    .toHaveAttribute("href", "/work?route=summit-cologne&reason=route_circuit_open&open=route_circuit_open");
  const todo = page.getByRole("region", { name: "What to do" });
  await expect.element(todo.getByText("Turn: the staff at FYST and Cologne.")).toBeVisible();
  await expect
    .element(todo.getByRole("link", { name: "See this data transfer" }))
    .toHaveAttribute("href", `/work/data-transfers/${TRANSFER.id}`);
  await expect.element(todo.getByRole("link", { name: "See the state of cologne-buffer" })).toBeVisible();
  const concerned = page.getByRole("region", { name: "What it concerns" });
  await expect.element(concerned.getByText("Next try")).toBeVisible();
  await expectAccessible();
});

test("one that has ended asks for nothing", async () => {
  answer(`/api/v1/errors/${ERROR.id}` as "/api/v1/errors/{error_id}", {
    ...ERROR,
    resolved_at: "2026-03-14T05:00:00Z",
  });
  await show(<ErrorPage id={ERROR.id} />, { me: OPERATOR });
  await expect.element(page.getByText("Nothing: it has ended.")).toBeVisible();
  expect(page.getByRole("button", { name: "Acknowledge" }).elements()).toEqual([]);
});

test("the list says bytes in units and checksums by their beginning", async () => {
  const checksum = "xxh3-128:0ae34af91c550d00a11556a577f92d6b";
  const message = `the copy has 46,298,992,320 bytes and ${checksum}`;
  answer("/api/v1/errors", { items: [{ ...ERROR, message }], next_cursor: null });
  await show(<ErrorsPage />, { me: OPERATOR, at: `/errors?${new URLSearchParams(FIRST_VIEW)}` });
  await expect
    .element(page.getByRole("link", { name: "the copy has 46.3 GB and xxh3-128:0ae34a…" }))
    .toBeVisible();
});

test.each(["narrow", "normal"] as const)(
  "the list says each in short, and who is on it: %s",
  async (width) => {
    await show(<ErrorsPage />, { me: OPERATOR, width, at: `/errors?${new URLSearchParams(FIRST_VIEW)}` });
    await expect
      .element(page.getByRole("link", { name: "us.lta is suspect: 5 copies failed within 10 min" }))
      .toHaveAttribute("href", `/errors/${ERROR.id}`);
    await expect.element(page.getByText("nobody yet")).toBeVisible();
    await expectAccessible();
    expectNoSidewaysScroll();
  },
);
