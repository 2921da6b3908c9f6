import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { PlacePage } from "~/pages/places/PlacePage";
import { PLACE, POLICY } from "~/pages/places/places.fixtures";
import { answer, answerCall, requests } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, person, show } from "~tests/show";

const NO_ROWS = { items: [], next_cursor: null };
const OPERATOR = person([
  "read:locations",
  "read:transfers",
  "read:events",
  "read:errors",
  "manage:locations",
  "manage:transfers",
]);
const GROUPS = { by: "reason", at: "2026-03-14T06:00:00Z" };
const PAUSED = {
  key: "route_circuit_open",
  text: "Route paused after failures",
  count: 149,
  bytes: 6.5e12,
  oldest: "2026-03-12T23:48:18Z",
  next: "One transfer tries the route when the pause ends.",
  next_at: null,
  turn: "site",
  turns: { site: 149 },
  reason: "route_circuit_open",
  reasons: { route_circuit_open: 149 },
  kinds: { data_transfer: 149 },
  places: { "ccat.output-buffer": 149 },
  routes: { "ccat-cologne": 149 },
  error_categories: {},
  can: { retry: 0, cancel: 149 },
} as const;

function give(place: Partial<typeof PLACE> = {}) {
  answer("/api/v1/data-locations/ccat.output-buffer" as "/api/v1/data-locations/{name}", {
    ...PLACE,
    ...place,
  });
}

beforeEach(() => {
  give();
  answer("/api/v1/retention-policies/output-buffer" as "/api/v1/retention-policies/{name}", POLICY);
  answer("/api/v1/open-work/groups", { ...GROUPS, count: 149, bytes: 6.5e12, groups: [PAUSED] });
  answer("/api/v1/events", NO_ROWS);
});

test.each(["narrow", "normal"] as const)(
  "says how full it is, when full, and why nothing goes: %s",
  async (width) => {
    await show(<PlacePage name="ccat.output-buffer" />, { me: OPERATOR, width });
    await expect.element(page.getByText("ccat.output-buffer is in service.")).toBeVisible();
    const full = page.getByRole("region", { name: "How full is it?" });
    await expect.element(full.getByText(/^fills at 30\.0 MB\/s/)).toBeVisible();
    await expect
      .element(full.getByText("Copies are deleted as soon as 2 archives have a verified copy."))
      .toBeVisible();
    await expect
      .element(full.getByRole("link", { name: "149: Route paused after failures" }))
      .toHaveAttribute("href", expect.stringContaining("place=ccat.output-buffer"));
    expect(full.getByText(/watermark/).elements()).toEqual([]);
    await expect.element(full.getByText(/\(ccat-cologne\)/)).toBeVisible();
    await expectAccessible();
    if (width === "narrow") expectNoSidewaysScroll();
  },
);

test("in doubt, it says what to do with its own name in the command", async () => {
  const since = "2026-03-14T02:56:38Z";
  give({
    service: {
      state: "in_doubt",
      of: PLACE.id,
      since,
      by: null,
      reason: "5 copies failed; a path",
      next_at: null,
    },
  });
  answer("/api/v1/waiting-reasons", {
    items: [
      {
        code: "location_suspect",
        text: "Location in doubt",
        meaning: "Many copies failed at once.",
        remedy: "Check the storage. When it is sound again, run: ccat-transfer trust LOCATION --reason TEXT.",
        next: "Nothing changes until somebody acts.",
        turn: "site",
        help: "place",
      },
    ],
  });
  await show(<PlacePage name="ccat.output-buffer" />, { me: OPERATOR });
  await expect.element(page.getByText("ccat.output-buffer is in doubt: 5 copies failed.")).toBeVisible();
  await expect.element(page.getByText(/^ccat-transfer trust ccat\.output-buffer --reason/)).toBeVisible();
  await expect
    .element(page.getByRole("link", { name: "Errors of ccat.output-buffer" }))
    .toHaveAttribute("href", "/errors?location=ccat.output-buffer");
});

test("suspended, it says by whom and why, and the main thing to do is to resume", async () => {
  give({
    suspended_at: "2026-03-12T06:00:00Z",
    service: {
      state: "suspended",
      of: PLACE.id,
      since: "2026-03-12T06:00:00Z",
      by: "k.weber",
      reason: "its disks are exchanged",
      next_at: null,
    },
  });
  await show(<PlacePage name="ccat.output-buffer" />, { me: OPERATOR });
  await expect
    .element(
      page.getByText("ccat.output-buffer was taken out of service by k.weber: its disks are exchanged."),
    )
    .toBeVisible();
  await expect.element(page.getByRole("button", { name: "Resume" })).toBeVisible();
});

test("paused, it says why and is tried at once", async () => {
  give({
    health: {
      consecutive_failures: 5,
      open_until: "2026-03-14T03:10:00Z",
      suspect_since: null,
      suspect_reason: null,
    },
    service: {
      state: "paused",
      of: PLACE.id,
      since: null,
      by: null,
      reason: "at mover-2: nothing is mounted there",
      next_at: "2026-03-14T03:10:00Z",
    },
  });
  answerCall("POST /api/v1/data-locations/ccat.output-buffer:resume", 200, {});
  await show(<PlacePage name="ccat.output-buffer" />, { me: OPERATOR });
  await expect
    .element(
      page.getByText(
        "ccat.output-buffer is paused after 5 failures in a row: at mover-2: nothing is mounted there.",
      ),
    )
    .toBeVisible();
  await expect.element(page.getByRole("button", { name: "Suspend" })).toBeVisible();
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Try now" }).click();
  await expect
    .poll(() => requests().map(({ address }) => address))
    .toContain("/api/v1/data-locations/ccat.output-buffer:resume");
});
