import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { AT } from "~/pages/overview/nights.fixtures";
import { EndedWorkPage } from "~/pages/work/EndedWorkPage";
import { CREATION } from "~/pages/work/work.fixtures";
import { answer, requests } from "~tests/answers";
import { stopClock } from "~tests/clock";
import { expectAccessible, person, show } from "~tests/show";

const OPERATOR = person(["read:transfers", "manage:transfers"]);

beforeEach(() => {
  stopClock(AT);
  answer("/api/v1/package-creations", { items: [CREATION], next_cursor: null });
});

test("a kind of ended work with how long each took", async () => {
  await show(<EndedWorkPage collection="package-creations" />, {
    at: "/work/ended/package-creations?status=completed",
    me: OPERATOR,
  });
  const row = page.getByRole("row", { name: /primecam-disk → summit-buffer/ });
  await expect.element(row).toMatchTextContent(/completed.*2026-03-01 21:48:51Z.*8 min 48 s.*48.0 GB/);
  const asked = requests().find(({ address }) => address.startsWith("/api/v1/package-creations"));
  expect(asked?.address).toContain("status=completed");
  await expectAccessible();
});

test("nothing has ended yet", async () => {
  answer("/api/v1/package-creations", { items: [], next_cursor: null });
  await show(<EndedWorkPage collection="package-creations" />, {
    at: "/work/ended/package-creations",
    me: OPERATOR,
  });
  await expect.element(page.getByText("None has ended yet.")).toBeVisible();
});

test("a kind that there is not", async () => {
  await show(<EndedWorkPage collection="miracles" />, { me: OPERATOR });
  await expect.element(page.getByText("There is nothing at this address, or not yet.")).toBeVisible();
});
