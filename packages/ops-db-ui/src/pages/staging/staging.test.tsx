import { expect, test } from "vitest";
import { page } from "vitest/browser";
import type { components } from "~/api/schema.gen";
import { PROGRESS } from "~/pages/observations/observations.fixtures";
import { Items } from "~/pages/staging/Items";
import { StageButton } from "~/pages/staging/StageButton";
import { StagingJobPage } from "~/pages/staging/StagingJobPage";
import { StagingPage } from "~/pages/staging/StagingPage";
import { COMING, FAILED_ITEM, ITEM, JOB, WAITING_ITEM } from "~/pages/staging/staging.fixtures";
import { answer, answerCall, requests } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, person, show } from "~tests/show";

type Location = components["schemas"]["Location"];

const EXECUTION = JOB.execution_id ?? "";
const PLACE: Location = {
  bucket: null,
  capacity_bytes: null,
  concurrency: 2,
  credential: null,
  deletion_mode: "enabled",
  enabled: true,
  endpoint: null,
  health: null,
  host: null,
  id: "cologne.processing",
  instrument: null,
  library: null,
  location_type: "processing",
  name: "processing",
  package_age_limit: 0,
  settle_time: 0,
  leave_out_after: null,
  package_size_limit: 0,
  path: "/data/processing",
  prefix: null,
  priority: 0,
  read_only: false,
  region: null,
  reserve_bytes: 0,
  retention_policy: null,
  retired_at: null,
  service: {
    state: "in_service",
    of: "cologne.processing",
    since: null,
    by: null,
    reason: null,
    next_at: null,
  },
  site: "cologne",
  storage_type: "disk",
  suspended_at: null,
  suspended_by: null,
  suspended_reason: null,
  suspended_until: null,
  usage: {
    measured_at: "2026-11-30T02:00:00Z",
    total_bytes: 100_000_000_000,
    used_bytes: 45_800_000_000,
    used_share: 0.458,
    bytes_per_second: null,
    full_at: null,
  },
  scrub_interval: 7_776_000,
  scrub_bytes_per_day: null,
  watermark_high: 0.9,
  watermark_low: 0.8,
};
const SUSPENDED: Location = {
  ...PLACE,
  id: "us.processing",
  service: { ...PLACE.service, state: "suspended", reason: "disk swap" },
  usage: null,
};
const SCIENTIST = person(["stage:data", "read:data", "read:observations"]);
const BUTTON = <StageButton of={{ executionId: EXECUTION, title: "Orion-KL" }} kind="main" />;

function answerForm(progress = PROGRESS) {
  answer(
    `/api/v1/executed-obs-units/${EXECUTION}/progress` as "/api/v1/executed-obs-units/{execution_id}/progress",
    progress,
  );
  answer("/api/v1/data-locations", { items: [SUSPENDED, PLACE], next_cursor: null });
}

test.each(["narrow", "normal"] as const)("two clicks stage an observation: %s", async (width) => {
  answerForm();
  answerCall("POST /api/v1/staging-jobs", 201, JOB);
  const { router } = await show(BUTTON, { me: SCIENTIST, width });
  await page.getByRole("button", { name: "Stage Orion-KL" }).click();
  await expect.element(page.getByRole("radio", { name: /cologne.processing/ })).toBeChecked();
  await expect.element(page.getByText("54.2 GB free")).toBeVisible();
  await expect.element(page.getByText(/^suspended \(disk swap\)/)).toBeVisible();
  await expectAccessible();
  expectNoSidewaysScroll();
  await page.getByRole("button", { name: "Stage 25.0 MB" }).click();
  await expect.poll(() => router.state.location.pathname).toBe(`/staging/${JOB.id}`);
  const request = requests().find(({ method }) => method === "POST");
  expect(request?.body).toEqual({
    execution_id: EXECUTION,
    destination_location: "cologne.processing",
    time_to_live: 1_209_600,
  });
  expect(request?.headers.get("idempotency-key")).toMatch(/^[0-9a-f-]{36}$/);
});

test("files that are in no package yet are said, and nothing is asked of the API", async () => {
  answerForm({ ...PROGRESS, status: "running", files_packaged: 400 });
  await show(BUTTON, { me: SCIENTIST });
  await page.getByRole("button", { name: "Stage Orion-KL" }).click();
  await expect.element(page.getByText(/3 of its files are in no package yet/)).toBeVisible();
  await expect.element(page.getByRole("button", { name: "Stage 25.0 MB" })).toBeDisabled();
});

test("a refusal stands in the dialog, and the next try is another request", async () => {
  answerForm();
  answerCall("POST /api/v1/staging-jobs", 409, {
    type: "https://ccat.example/problems/not-packaged",
    title: "Not packaged",
    status: 409,
    detail: "3 files are in no package yet",
    instance: "/api/v1/staging-jobs",
    request_id: "req-1",
    errors: null,
  });
  await show(BUTTON, { me: SCIENTIST });
  await page.getByRole("button", { name: "Stage Orion-KL" }).click();
  const send = page.getByRole("button", { name: "Stage 25.0 MB" });
  await send.click();
  await expect.element(page.getByRole("alert")).toMatchTextContent("3 files are in no package yet");
  await send.click();
  const keys = () =>
    requests().flatMap(({ method, headers }) => (method === "POST" ? [headers.get("idempotency-key")] : []));
  await expect.poll(() => new Set(keys()).size).toBe(2);
});

test("who may not stage sees which permission is missing", async () => {
  await show(BUTTON, { me: person(["read:data"]) });
  const button = page.getByRole("button", { name: "Stage Orion-KL" });
  await expect.element(button).toBeDisabled();
  await expect.element(button).toHaveAttribute("title", "Needs the permission stage:data");
});

test.each(["narrow", "normal"] as const)("jobs say how far they are and why they wait: %s", async (width) => {
  const waiting = {
    ...JOB,
    id: "01a22a20-0000-7000-8000-00000000000b",
    state: "in_progress",
    items: [ITEM, WAITING_ITEM],
  } as const;
  answer("/api/v1/staging-jobs", {
    items: [{ ...waiting, items: [...waiting.items] }, JOB],
    next_cursor: null,
  });
  await show(<StagingPage />, { me: SCIENTIST, width, at: "/staging" });
  await expect.element(page.getByText("cologne.processing is suspended: disk swap")).toBeVisible();
  await expect.element(page.getByText("there", { exact: true }).first()).toBeVisible();
  await expectAccessible();
  expectNoSidewaysScroll();
});

test("an empty list says what staging is for, how long data stay and where to begin", async () => {
  answer("/api/v1/staging-jobs", { items: [], next_cursor: null });
  await show(<StagingPage />, { me: SCIENTIST, at: "/staging" });
  await expect.element(page.getByText(/stay for 14 days/)).toBeVisible();
  await expect
    .element(page.getByRole("link", { name: "Archived observations" }))
    .toHaveAttribute("href", "/observations?archived=true");
  expect(page.getByRole("button", { name: "mine" }).elements()).toEqual([]);
  await expectAccessible();
});

test.each(["narrow", "normal"] as const)(
  "the page of a job says whether it is there, when, where and until when: %s",
  async (width) => {
    const address = `/api/v1/staging-jobs/${JOB.id}` as "/api/v1/staging-jobs/{job_id}";
    answer(address, JOB);
    await show(<StagingJobPage id={JOB.id} />, { me: SCIENTIST, width });
    const standing = page.getByRole("region", { name: "Is it there?" });
    await expect.element(standing).toMatchTextContent("there Yes: 1 package, 17.1 MB, verified and unpacked");
    await expect.element(standing).toMatchTextContent("There since2026-11-30 02:04:00Z");
    await expect.element(standing).toMatchTextContent("Kept until2026-12-14 02:04:00Z");
    await expect.element(standing).toMatchTextContent(JOB.folder ?? "");
    await expect.element(standing.getByRole("button", { name: "Copy folder" })).toBeVisible();
    await expect.element(page.getByRole("link", { name: "chai-lfa · part 1" })).toBeVisible();
    expect(page.getByRole("button", { name: "Cancel staging" }).elements()).toEqual([]);
    await expectAccessible();
    expectNoSidewaysScroll();
  },
);

test("a job that comes says how far it is and when it will be there", async () => {
  answer(`/api/v1/staging-jobs/${JOB.id}` as "/api/v1/staging-jobs/{job_id}", COMING);
  await show(<StagingJobPage id={JOB.id} />, { me: SCIENTIST });
  const standing = page.getByRole("region", { name: "Is it there?" });
  await expect.element(standing.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "50");
  await expect.element(standing).toMatchTextContent("2026-11-30 02:04:00Z at 100 kB/s");
  await expect.element(standing).toMatchTextContent("14 d after it arrives");
  await expect.element(standing).toMatchTextContent("not complete yet");
  await expect.element(page.getByRole("button", { name: "Cancel staging" })).toBeVisible();
});

test("each part of a job says why it does not go on", async () => {
  await show(<Items items={[ITEM, WAITING_ITEM, FAILED_ITEM]} />);
  await expect.element(page.getByText("no space left at cologne.processing")).toBeVisible();
  await expect.element(page.getByText("location suspended")).toBeVisible();
  await expectAccessible();
});
