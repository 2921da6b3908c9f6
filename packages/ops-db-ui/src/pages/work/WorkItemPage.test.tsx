import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { AT } from "~/pages/overview/nights.fixtures";
import { WorkItemPage } from "~/pages/work/WorkItemPage";
import { CATEGORIES, CREATION, EVENTS, OPEN, TRANSFER } from "~/pages/work/work.fixtures";
import { answer, answerCall, requests } from "~tests/answers";
import { stopClock } from "~tests/clock";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, person, show } from "~tests/show";

const ADDRESS = `/api/v1/data-transfers/${TRANSFER.id}` as "/api/v1/data-transfers/{work_id}";
const OPERATOR = person(["read:transfers", "manage:transfers"]);

beforeEach(() => {
  stopClock(AT);
  answer(ADDRESS, TRANSFER);
  answer("/api/v1/error-categories", CATEGORIES);
  answer("/api/v1/events", EVENTS);
  answer("/api/v1/package-creations", { items: [CREATION], next_cursor: null });
  answer("/api/v1/data-transfers", { items: [TRANSFER], next_cursor: null });
  answer("/api/v1/archive-transfers", { items: [], next_cursor: null });
});

function transfer() {
  return show(<WorkItemPage collection="data-transfers" id={TRANSFER.id} />, { me: OPERATOR });
}

test("says from where to where, how far, the error with its remedy, and why it waits", async () => {
  await transfer();
  await expect
    .element(page.getByRole("heading", { level: 1 }))
    .toMatchTextContent(/Transfer summit-buffer → cologne-buffer.*pending/);
  const error = page.getByRole("region", { name: "Error" });
  await expect.element(error).toMatchTextContent("connection to summit-buffer timed out after 30 s");
  await expect.element(error).toMatchTextContent("If it is down, call whoever runs the network.");
  await expect
    .element(page.getByRole("region", { name: "Why it waits" }))
    .toMatchTextContent("summit-cologne rests until 06:12 after 6 failures in a row");
  await expect.element(page.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "25");
  await expectAccessible();
});

test("shows the hops of its package in their order, itself among them", async () => {
  await transfer();
  const hops = page.getByRole("region", { name: "The way of its package" }).getByRole("listitem");
  await expect
    .element(hops.first())
    .toMatchTextContent(/Package creation.*primecam-disk → summit-buffer.*completed/);
  await expect.element(hops.nth(1)).toMatchTextContent(/Transfer.*this.*pending/);
  await expect.element(hops.nth(1)).toHaveAttribute("aria-current", "step");
});

test("of two times at which it may be tried it says the later one, once, with its cause", async () => {
  const cause = "route summit-cologne is paused until then";
  const open = OPEN.find(({ kind }) => kind === "data_transfer") ?? expect.fail();
  answer("/api/v1/open-work", {
    items: [{ ...open, id: TRANSFER.id, detail: cause, next_at: "2026-03-02T06:19:00Z" }],
    next_cursor: null,
  });
  await transfer();
  const why = page.getByRole("region", { name: "Why it waits" });
  await expect.element(why).toMatchTextContent(cause);
  await expect.element(why).toMatchTextContent(/next in 19 min/);
  expect(document.body.textContent).not.toContain("in 12 min");
});

test("lists what happened to it", async () => {
  await transfer();
  const events = page.getByRole("region", { name: "What happened to it" }).getByRole("listitem");
  await expect.element(events.first()).toMatchTextContent("Attempt 6 failed");
  expect(events.elements().length).toBe(3);
});

test("cancels with a reason", async () => {
  answerCall(`POST ${ADDRESS}:cancel`, 200, TRANSFER);
  await transfer();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("textbox", { name: "Reason" }).fill("the wrong archive");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).last().click();
  await expect
    .poll(() => requests().find(({ method }) => method === "POST"))
    .toMatchObject({ address: `${ADDRESS}:cancel`, body: { reason: "the wrong archive" } });
});

test("offers to retry what was given up, and nothing for what is completed", async () => {
  answer(ADDRESS, { ...TRANSFER, status: "failed", waiting_reason: null });
  const { unmount } = await transfer();
  await expect.element(page.getByRole("button", { name: "Retry" })).toBeVisible();
  await unmount();
  answer(ADDRESS, { ...TRANSFER, status: "completed", error_message: null, waiting_reason: null });
  await transfer();
  await expect.element(page.getByRole("heading", { level: 1 })).toMatchTextContent("completed");
  expect(page.getByRole("button", { name: /Retry|Cancel/ }).elements()).toEqual([]);
});

test("given-up work names its error once and does not say that it goes on by itself", async () => {
  answer(ADDRESS, {
    ...TRANSFER,
    status: "failed",
    waiting_reason: "given_up",
    waiting_detail: TRANSFER.error_message,
  });
  await transfer();
  const error = page.getByRole("region", { name: "Error" });
  await expect.element(error).toMatchTextContent("See whether the link is up.");
  await expect.element(error).not.toMatchTextContent("goes on by itself");
  await expect
    .element(page.getByRole("region", { name: "Why it waits" }))
    .not.toMatchTextContent("timed out after 30 s");
});

test("given-up work says what to do first, then what a retry does now, and what is safe meanwhile", async () => {
  answer(ADDRESS, { ...TRANSFER, status: "failed", waiting_reason: "given_up", waiting_detail: null });
  const open = OPEN.find(({ kind }) => kind === "data_transfer") ?? expect.fail();
  const on_retry =
    "It is sent again from its first byte, as soon as the route summit-cologne works again: it is paused now.";
  const kept = "What was to be sent stays where it is meanwhile.";
  answer("/api/v1/open-work", { items: [{ ...open, id: TRANSFER.id, on_retry, kept }], next_cursor: null });
  await transfer();
  const error = page.getByRole("region", { name: "Error" });
  const steps = error.getByRole("listitem");
  await expect.element(steps.first()).toMatchTextContent("See whether the link is up.");
  await expect.element(steps.last()).toMatchTextContent(`When that is done, retry it:Retry${on_retry}`);
  await expect
    .element(steps.last().getByRole("button", { name: "Retry" }))
    .toHaveAttribute("data-kind", "plain");
  await expect.element(error).toMatchTextContent(`Nothing changes until somebody acts. ${kept}`);
  expect(page.getByRole("button", { name: "Retry" }).elements().length).toBe(1);
});

test("work that does not exist, and a kind that does not", async () => {
  const { unmount } = await show(
    <WorkItemPage collection="data-transfers" id="99999999-9999-4999-8999-999999999999" />,
    { me: OPERATOR },
  );
  await expect
    .element(page.getByText("There is no transfer 99999999-9999-4999-8999-999999999999."))
    .toBeVisible();
  await expect.element(page.getByRole("link", { name: "Go to Work" })).toHaveAttribute("href", "/work");
  await unmount();
  await show(<WorkItemPage collection="miracles" id="1" />, { me: OPERATOR });
  await expect.element(page.getByText("There is no kind of work miracles.")).toBeVisible();
});

test("hostile texts stand as text on a phone", async () => {
  answer(ADDRESS, { ...TRANSFER, error_message: HOSTILE.markup, waiting_detail: HOSTILE.long });
  await show(<WorkItemPage collection="data-transfers" id={TRANSFER.id} />, {
    me: OPERATOR,
    width: "narrow",
  });
  await expect.element(page.getByText(HOSTILE.markup)).toBeVisible();
  expectNoSidewaysScroll();
  await expectAccessible();
});
