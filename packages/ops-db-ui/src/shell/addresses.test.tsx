import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { render } from "vitest-browser-react";
import { makeQueryClient } from "~/api/cache";
import { operations } from "~/api/operations.gen";
import { makeRouter } from "~/router";
import { answer, answerWith, requests } from "~tests/answers";
import { expectNoSidewaysScroll, HOSTILE, person } from "~tests/show";

const ALL = person([...new Set(Object.values(operations).flatMap(({ permission }) => permission ?? []))]);
const LISTS = ["/observations", "/errors", "/staging", "/work", "/work/ended/data-transfers"];
const THINGS = [
  "/observations/",
  "/packages/",
  "/places/locations/",
  "/errors/",
  "/staging/",
  "/work/deletions/",
];
const IDS = {
  "a way up": "..%2f..%2fauth%2flogout",
  "a way up in clear": "..",
  NUL: "%00",
  "an escape that is none": "%zz",
  "half of an escape": "%e2%28",
  markup: encodeURIComponent(HOSTILE.markup),
  shell: encodeURIComponent("$(reboot)`'\";&|"),
  prototype: "__proto__",
  constructor: "constructor",
  "10 kB": "x".repeat(10_000),
};

async function go(address: string) {
  await page.viewport(360, 740);
  answer("/api/v1/me", ALL);
  const router = makeRouter(makeQueryClient());
  router.update({ ...router.options, history: createMemoryHistory({ initialEntries: [address] }) });
  const shown = await render(
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={router.options.context.cache}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </CSPProvider>,
  );
  await expect.element(page.getByRole("heading", { level: 1 })).toBeVisible();
  return { ...shown, router };
}

function heading() {
  return page.getByRole("heading", { level: 1 }).element().textContent ?? "";
}

test.each(THINGS.flatMap((thing) => Object.entries(IDS).map(([name, id]) => [thing, name, id] as const)))(
  "%s with %s as the id: there is no such thing",
  async (thing, _, id) => {
    await go(thing + id);
    await expect.element(page.getByText(/There is no such thing|Not found/).first()).toBeVisible();
    expect(heading()).not.toMatch(/defect|cannot be shown/);
    expectNoSidewaysScroll();
    expect(Reflect.get(window, "hit")).toBeUndefined();
    // Whatever the id is, it is one part of the address of a call, and nothing is changed.
    for (const { method, address } of requests()) {
      expect(method).toBe("GET");
      expect(address).not.toMatch(/\/auth\/|^\/api\/v1\/($|progress|files|life-line)/);
    }
  },
);

test.each(LISTS)("%s with hostile filters names them, or looks for them", async (list) => {
  answerWith("GET /api/v1/executed-obs-units", () => Response.json({ items: [], next_cursor: null }));
  const texts = [...Object.values(HOSTILE), "__proto__", "\0", "x".repeat(10_000)];
  const names = ["status", "source", "q", "sort", "columns", "since", "__proto__", "constructor", "id"];
  const query = names.flatMap((name) => texts.map((text) => `${name}=${encodeURIComponent(text)}`));
  const { router } = await go(`${list}?${query.join("&")}&status=%zz&%=%&=&&a`);
  expect(heading()).not.toMatch(/defect|cannot be shown/);
  await expect.poll(() => Object.keys(router.state.location.search)).not.toContain("constructor");
  expectNoSidewaysScroll();
  expect(Reflect.get(window, "hit")).toBeUndefined();
});
