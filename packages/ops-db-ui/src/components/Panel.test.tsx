import type { UseQueryResult } from "@tanstack/react-query";
import { beforeEach, expect, test, vi } from "vitest";
import { page } from "vitest/browser";
import { render } from "vitest-browser-react";
import { Problem } from "~/api/problem";
import { Age } from "~/components/Age";
import { Panel } from "~/components/Panel";
import { stopClock } from "~tests/clock";
import { expectAccessible, show } from "~tests/show";

type Query = UseQueryResult<string, Problem>;

const query = (changes: Partial<Query>): Query =>
  ({
    data: undefined,
    isPending: false,
    isError: false,
    error: null,
    dataUpdatedAt: Date.now(),
    refetch: vi.fn(),
    ...changes,
  }) as Query;
const PROBLEM = new Problem(500, "x", "Wrong", "it broke");
const text = (data: string) => <p>{data}</p>;

// The clock stands, however long a loaded machine takes: what is measured is the age of an answer.
beforeEach(() => {
  stopClock("2026-03-02T06:00:00Z");
});

test("an answer stands under its heading", async () => {
  await show(
    <Panel title="Copies" of={query({ data: "two copies" })}>
      {text}
    </Panel>,
  );
  await expect.element(page.getByRole("region", { name: "Copies" }).getByText("two copies")).toBeVisible();
  await expectAccessible();
});

test("while it loads there are shapes, and readers are told", async () => {
  await show(
    <Panel title="Copies" of={query({ isPending: true, dataUpdatedAt: 0 })}>
      {text}
    </Panel>,
  );
  await expect.element(page.getByRole("status")).toHaveTextContent("Loading");
  await expectAccessible();
});

test("a failure stands in its panel alone", async () => {
  await show(
    <>
      <Panel title="Copies" of={query({ isError: true, error: PROBLEM })}>
        {text}
      </Panel>
      <Panel title="Events" of={query({ data: "three events" })}>
        {text}
      </Panel>
    </>,
  );
  await expect.element(page.getByRole("region", { name: "Copies" }).getByText("It broke.")).toBeVisible();
  await expect.element(page.getByRole("region", { name: "Events" }).getByText("three events")).toBeVisible();
});

test("an earlier answer stays while a newer one fails, with its age", async () => {
  await show(
    <Panel
      title="Copies"
      of={query({ data: "two copies", isError: true, error: PROBLEM, dataUpdatedAt: Date.now() - 65_000 })}
    >
      {text}
    </Panel>,
  );
  await expect.element(page.getByText("two copies")).toBeVisible();
  await expect.element(page.getByText("It broke.")).toBeVisible();
  await expect.element(page.getByText("1 min 5 s old")).toBeVisible();
});

test("what belongs beside the heading stands there", async () => {
  await show(
    <Panel title="Copies" of={query({ data: "x" })} beside={<a href="/all">All</a>}>
      {text}
    </Panel>,
  );
  await expect.element(page.getByRole("link", { name: "All" })).toBeVisible();
});

test.each([
  ["new", 0, false],
  ["that of any answer", 6_500, false],
  ["late", 7_500, true],
])("the age of an answer that is %s", async (_name, age, isSaid) => {
  await show(
    <p>
      here <Age of={{ dataUpdatedAt: Date.now() - age }} />
    </p>,
  );
  await expect.element(page.getByText(/here/)).toBeVisible();
  expect(document.body.textContent?.includes("old")).toBe(isSaid);
});

test("nothing is said of the age of an answer that never came", async () => {
  await show(
    <p>
      here <Age of={{ dataUpdatedAt: 0 }} />
    </p>,
  );
  await expect.element(page.getByText(/here/)).toBeVisible();
  expect(document.body.textContent).not.toContain("old");
});

test("where answers come slowly the age stays from one to the next, and goes when one comes in time", async () => {
  const began = Date.now() - 20_000;
  const at = (seconds: number) => (
    <p>
      here <Age of={{ dataUpdatedAt: began + seconds * 1_000 }} />
    </p>
  );
  const { rerender } = await render(at(0));
  await expect.element(page.getByText("20 s old")).toBeVisible();
  await rerender(at(16));
  await expect.element(page.getByText("4 s old")).toBeVisible();
  await rerender(at(20));
  await expect.element(page.getByText("here")).toBeVisible();
  expect(document.body.textContent).not.toContain("old");
});

test.each([
  ["not so old", 20_000, "none"],
  ["older than 30 s", 31_000, "grayscale(1)"],
])("what an answer %s says is dimmed or not", async (_name, age, filter) => {
  await show(
    <Panel title="Copies" of={query({ data: "two copies", dataUpdatedAt: Date.now() - age })}>
      {(data) => <p>{data}</p>}
    </Panel>,
  );
  await expect.element(page.getByText("two copies")).toHaveStyle({ filter });
  await expectAccessible();
});
