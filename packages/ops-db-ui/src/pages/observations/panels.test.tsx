import type { UseQueryResult } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { page } from "vitest/browser";
import type { Problem } from "~/api/problem";
import { ArrivalPanel } from "~/pages/observations/ArrivalPanel";
import type { Package, Progress } from "~/pages/observations/answers";
import {
  EXECUTION,
  GIVEN_UP,
  GIVEN_UP_STEP,
  PACKAGE,
  PROGRESS,
  WAITING,
  WAITING_STEP,
} from "~/pages/observations/observations.fixtures";
import { PackageMatrix } from "~/pages/observations/PackageMatrix";
import { PackagesPanel } from "~/pages/observations/PackagesPanel";
import { WaitingPanel } from "~/pages/observations/WaitingPanel";
import { answer } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, show } from "~tests/show";

const ID = EXECUTION.id;
const siteOf = (location: string) => location.split(".")[0];

function answered(data: Progress): UseQueryResult<Progress, Problem> {
  return { data, isPending: false, isError: false, dataUpdatedAt: Date.now() } as UseQueryResult<
    Progress,
    Problem
  >;
}

test.each(["narrow", "normal"] as const)("one look says what arrived and where it is: %s", async (width) => {
  await show(<ArrivalPanel of={answered(PROGRESS)} />, { width });
  const panel = page.getByRole("region", { name: "Did the files arrive, and are they safe?" });
  await expect
    .element(panel)
    .toMatchTextContent("403 files arrived, 25.0 MB. All are safe: in 1 of 1 archive.");
  await expect.element(panel).toMatchTextContent("does not say how many there should be");
  await expect
    .element(panel.getByRole("listitem").nth(2))
    .toMatchTextContent("Safe in archives403 of 403 files");
  await expectAccessible();
  expectNoSidewaysScroll();
});

test("what was given up is not shown as packaged", async () => {
  const progress = {
    ...PROGRESS,
    packages_sealed: 1,
    packages_archived: 1,
    files_sealed: 400,
    files_archived: 400,
    packages_failed: 1,
    archived: false,
    removed_at_source: false,
    needs_somebody: true,
  };
  await show(<ArrivalPanel of={answered(progress)} />);
  const steps = page.getByRole("listitem");
  await expect.element(steps.nth(1)).toHaveAttribute("data-done", "false");
  await expect.element(steps.nth(1)).toMatchTextContent("1 of 2 packages not made yet");
  await expect.element(steps.nth(2)).toMatchTextContent("400 of 403 files");
  await expect.element(page.getByText("needs somebody")).toBeVisible();
});

test("an error that nobody has acknowledged leads to the errors, also of what is archived", async () => {
  await show(<ArrivalPanel of={answered({ ...PROGRESS, needs_somebody: true })} />);
  await expect.element(page.getByText("needs somebody")).toBeVisible();
  await expect.element(page.getByRole("link", { name: "Open errors" })).toHaveAttribute("href", "/errors");
  await expectAccessible();
});

test.each(["narrow", "normal"] as const)("each package says which stages it passed: %s", async (width) => {
  await show(<PackageMatrix packages={[PACKAGE, WAITING, GIVEN_UP]} siteOf={siteOf} />, { width });
  await expect
    .element(page.getByRole("link", { name: /Download package chai-lfa part 1/ }))
    .toHaveAttribute("href", `/api/v1/raw-data-packages/${PACKAGE.id}/content`);
  const rows = page.getByRole("row");
  await expect.element(rows.nth(width === "narrow" ? 0 : 1)).toMatchTextContent("cologne.lta");
  await expect.element(page.getByText("link window closed")).toBeVisible();
  await expect.element(page.getByText("given up", { exact: true }).first()).toBeVisible();
  await expectAccessible();
  expectNoSidewaysScroll();
});

test("a mark tells when and where", async () => {
  await show(<PackageMatrix packages={[PACKAGE]} siteOf={siteOf} />);
  await page.getByRole("cell").nth(4).getByText("passed").hover({ force: true });
  await expect.element(page.getByText("2026-11-30 01:54:43Z")).toBeVisible();
});

test("a package that is through does not say that a spare copy waits to be removed", async () => {
  await show(<PackageMatrix packages={[PACKAGE]} siteOf={siteOf} />);
  await expect.element(page.getByText("archived", { exact: true })).toBeVisible();
  expect(page.getByText("below watermark").elements()).toEqual([]);
});

test("hostile names are shown as text and stay within the page", async () => {
  const hostile: Package = {
    ...PACKAGE,
    module: `${HOSTILE.markup} ${HOSTILE.rightToLeft} ${HOSTILE.emoji}`,
  };
  await show(<PackageMatrix packages={[hostile]} siteOf={siteOf} />);
  await expect.element(page.getByRole("row").nth(1)).toMatchTextContent("<script>");
  expect("hit" in window).toBe(false);
});

test("without packages it says how they come to be", async () => {
  answer("/api/v1/raw-data-packages", { items: [], next_cursor: null });
  answer("/api/v1/data-locations", { items: [], next_cursor: null });
  await show(<PackagesPanel id={ID} isRunning />);
  await expect.element(page.getByText("No package yet.")).toBeVisible();
  await expectAccessible();
});

test.each(["narrow", "normal"] as const)(
  "what was given up comes first, with what to do: %s",
  async (width) => {
    answer(`/api/v1/why/${ID}` as "/api/v1/why/{subject}", {
      subject_type: "executed_obs_unit",
      subject_id: ID,
      state: "aborted",
      summary: "",
      steps: [WAITING_STEP, GIVEN_UP_STEP],
    });
    await show(<WaitingPanel id={ID} />, { width });
    const items = page.getByRole("listitem");
    await expect.element(items.nth(0)).toMatchTextContent("its checksum is another than was filed");
    await expect.element(items.nth(0)).toMatchTextContent("What to doRemove the cause");
    await expect.element(items.nth(0)).toMatchTextContent("Whose turnan operator");
    await expect
      .element(page.getByRole("link", { name: "Open this work, to retry it once that is done" }))
      .toHaveAttribute("href", "/work/package-creations/c1");
    await expect.element(items.nth(1)).toMatchTextContent("It goes on when the window opens.");
    await expectAccessible();
    expectNoSidewaysScroll();
  },
);

test("where nothing waits there is no such panel", async () => {
  const none = { subject_type: "executed_obs_unit", subject_id: ID, state: null, summary: "", steps: [] };
  answer(`/api/v1/why/${ID}` as "/api/v1/why/{subject}", none);
  const { container } = await show(<WaitingPanel id={ID} />);
  await expect.poll(() => container.querySelector("section")).toBeNull();
});

test("what moves is not said to wait, and nobody is asked to act", async () => {
  answer(`/api/v1/why/${ID}` as "/api/v1/why/{subject}", {
    subject_type: "executed_obs_unit",
    subject_id: ID,
    state: "running",
    summary: "",
    steps: [
      {
        ...WAITING_STEP,
        status: "in_progress",
        reason: "in_progress",
        detail: "18640982360 of 46120817088 bytes",
      },
      {
        ...WAITING_STEP,
        subject_type: "executed_obs_unit",
        subject_id: ID,
        reason: "execution_running",
        turn: "instrument",
      },
    ],
  });
  await show(<WaitingPanel id={ID} />);
  const panel = page.getByRole("region", { name: "What happens now" });
  await expect.element(panel.getByRole("listitem").nth(1)).toMatchTextContent("moves now");
  await expect.element(panel).toMatchTextContent("How far18.6 GB of 46.1 GB");
  expect(page.getByText("What to do").elements()).toEqual([]);
});
