import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { EventList, EventsOf } from "~/components/EventList";
import { answer } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, show } from "~tests/show";

const ID = "6e0c2a52-8a2e-4a05-9d7c-3f3a7a1b0c11";
const EVENT = {
  id: "01a22a1f-eb69-7115-8b1c-4d295fd2291c",
  occurred_at: "2026-03-02T04:05:06Z",
  actor: "ada",
  action: "data_transfer.given_up",
  message: "7 attempts",
  site: "cologne",
  subject_type: "raw_data_package",
  subject_id: ID,
};

test("of one thing: when, what was done, with which result and by whom", async () => {
  answer("/api/v1/events", { items: [{ ...EVENT, details: {} }], next_cursor: null });
  await show(<EventsOf subject={ID} title="What happened to it" />);
  const list = page.getByRole("region", { name: "What happened to it" }).getByRole("list");
  await expect.element(list).toMatchAriaInlineSnapshot(`
    - list:
      - listitem:
        - time: 2026-03-02 04:05:06Z
        - text: Transfer given up 7 attempts ada
  `);
  await expectAccessible();
});

test("of one thing that nothing was recorded of", async () => {
  answer("/api/v1/events", { items: [], next_cursor: null });
  await show(<EventsOf subject={ID} />);
  await expect.element(page.getByText("Nothing was recorded of it.")).toBeVisible();
  await expectAccessible();
});

test("of all things: each leads to its own, where that has a page", async () => {
  const other = { ...EVENT, id: "2", subject_type: "raw_data_file", message: "filed again" };
  await show(<EventList of="all" events={[EVENT, other]} />);
  await expect
    .element(page.getByRole("link", { name: "Transfer given up" }).first())
    .toHaveAttribute("href", `/packages/${ID}`);
  await expect.element(page.getByText("filed again")).toBeVisible();
  expect(page.getByRole("link").elements().length).toBe(1);
  await expectAccessible();
});

test.each(["narrow", "normal"] as const)("hostile texts stand as text, %s", async (width) => {
  const events = Object.values(HOSTILE).map((text, index) => ({
    ...EVENT,
    id: String(index),
    action: text,
    actor: text,
    message: text,
    subject_type: "__proto__",
    subject_id: text,
  }));
  await show(
    <>
      <EventList of="thing" events={events} />
      <EventList of="all" events={events} />
    </>,
    { width },
  );
  await expect.element(page.getByText(HOSTILE.markup).first()).toBeVisible();
  expectNoSidewaysScroll();
  expect(Reflect.get(window, "hit")).toBeUndefined();
});
