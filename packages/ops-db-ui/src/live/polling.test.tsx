import { focusManager } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { page } from "vitest/browser";
import { useGet } from "~/api/get";
import { PERIOD } from "~/live/polling";
import { answer, requests } from "~tests/answers";
import { show } from "~tests/show";

const ERRORS = "/api/v1/errors";
const ROUTES = "/api/v1/routes";
const NO_ROWS = { items: [], next_cursor: null };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
  answer(ERRORS, NO_ROWS);
  answer(ROUTES, NO_ROWS);
});
afterEach(() => {
  focusManager.setFocused(undefined);
  vi.useRealTimers();
});

function Reader() {
  const errors = useGet(ERRORS, {});
  const routes = useGet(ROUTES, {}, { live: false });
  return <p>{errors.data !== undefined && routes.data !== undefined ? "read" : "reading"}</p>;
}

const asked = (path: string) => requests().filter(({ address }) => address === path).length;

async function open() {
  const shown = await show(<Reader />);
  await expect.element(page.getByText("read", { exact: true })).toBeVisible();
  await expect.poll(() => shown.cache.isFetching()).toBe(0);
  return shown;
}

test("what is on the screen is asked for every five seconds, what does not change once", async () => {
  expect(PERIOD).toBe(5_000);
  const { cache } = await open();
  for (let time = 1; time <= 3; time += 1) {
    const before = asked(ERRORS);
    vi.advanceTimersByTime(PERIOD);
    await expect.poll(() => asked(ERRORS)).toBe(before + 1);
    await expect.poll(() => cache.isFetching()).toBe(0);
  }
  expect(asked(ROUTES)).toBe(1);
});

test("a hidden tab asks for nothing, and at once when it is looked at again", async () => {
  const { cache } = await open();
  focusManager.setFocused(false);
  const before = asked(ERRORS);
  vi.advanceTimersByTime(20 * PERIOD);
  await expect.poll(() => cache.isFetching()).toBe(0);
  expect(asked(ERRORS)).toBe(before);
  focusManager.setFocused(true);
  await expect.poll(() => asked(ERRORS)).toBe(before + 1);
});

test("what has left the screen is not asked for", async () => {
  const { unmount, cache } = await open();
  await unmount();
  const before = asked(ERRORS);
  vi.advanceTimersByTime(3 * PERIOD);
  await expect.poll(() => cache.isFetching()).toBe(0);
  expect(asked(ERRORS)).toBe(before);
});
