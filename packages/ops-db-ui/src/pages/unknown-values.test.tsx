import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { page } from "vitest/browser";
import { operations } from "~/api/operations.gen";
import { PageTitle } from "~/components/PageTitle";
import { ErrorPage } from "~/pages/errors/ErrorPage";
import { ErrorsPage } from "~/pages/errors/ErrorsPage";
import { ERROR, PAUSED_ROUTE } from "~/pages/errors/errors.fixtures";
import { ObservationPage } from "~/pages/observations/ObservationPage";
import { ObservationsPage } from "~/pages/observations/ObservationsPage";
import {
  PACKAGE as ARRIVED,
  EXECUTION,
  GIVEN_UP_STEP,
  LISTED,
  PROGRESS,
  WAITING,
  WAITING_STEP,
} from "~/pages/observations/observations.fixtures";
import { AT, badNight, badWork } from "~/pages/overview/nights.fixtures";
import { OverviewPage } from "~/pages/overview/OverviewPage";
import { PackagePage } from "~/pages/packages/PackagePage";
import { GIVEN_UP, LIFE, PACKAGE, STEP, UNPACKED } from "~/pages/packages/packages.fixtures";
import { PlacePage } from "~/pages/places/PlacePage";
import { PLACE, POLICY } from "~/pages/places/places.fixtures";
import { StagingJobPage } from "~/pages/staging/StagingJobPage";
import { StagingPage } from "~/pages/staging/StagingPage";
import { COMING, JOB } from "~/pages/staging/staging.fixtures";
import { EndedWorkPage } from "~/pages/work/EndedWorkPage";
import { WorkItemPage } from "~/pages/work/WorkItemPage";
import { WorkPage } from "~/pages/work/WorkPage";
import { CATEGORIES, CREATION, EVENTS, OPEN, REASONS, TRANSFER } from "~/pages/work/work.fixtures";
import { Verdict } from "~/shell/Verdict";
import { answer, answers, requests } from "~tests/answers";
import { person, show } from "~tests/show";
import { vocabulariesOf, withUnknown } from "~tests/unknown";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: new Date(AT) });
  answer("/api/v1/status", badNight);
  answer("/api/v1/open-work/groups", badWork);
  answer("/api/v1/open-work", page_(OPEN));
  answer("/api/v1/error-categories", CATEGORIES);
  answer("/api/v1/waiting-reasons", REASONS);
  answer("/api/v1/events", EVENTS);
  answer("/api/v1/errors", page_([ERROR]));
  answer(at("errors/{error_id}", ERROR.id), ERROR);
  answer(at("routes/{name}", PAUSED_ROUTE.id), PAUSED_ROUTE);
  answer(at("data-transfers/{work_id}", TRANSFER.id), TRANSFER);
  answer("/api/v1/data-transfers", page_([TRANSFER]));
  answer("/api/v1/package-creations", page_([CREATION]));
  answer("/api/v1/archive-transfers", page_([]));
  answer("/api/v1/executed-obs-units", page_([LISTED]));
  answer(at("executed-obs-units/{execution_id}", EXECUTION.id), EXECUTION);
  answer(at("executed-obs-units/{execution_id}/progress", EXECUTION.id), UNDER_WAY);
  answer(at("why/{subject}", EXECUTION.id), {
    subject_id: EXECUTION.id,
    state: null,
    subject_type: "executed_obs_unit",
    summary: "",
    steps: [GIVEN_UP_STEP, WAITING_STEP],
  });
  answer("/api/v1/raw-data-packages", page_([ARRIVED, WAITING]));
  answer("/api/v1/raw-data-files", page_([UNPACKED]));
  answer(at("raw-data-packages/{package_id}", PACKAGE.id), PACKAGE);
  answer(at("raw-data-packages/{package_id}/life-line", PACKAGE.id), {
    ...LIFE,
    steps: [
      STEP,
      GIVEN_UP,
      { ...STEP, kind: "wait", reason: "route_circuit_open" },
      { ...STEP, kind: "now" },
      { ...STEP, kind: "next" },
    ],
  });
  answer(at("raw-data-packages/{package_id}/files", PACKAGE.id), page_([UNPACKED]));
  answer("/api/v1/data-locations", page_([PLACE]));
  answer(at("data-locations/{name}", PLACE.id), PLACE);
  answer(at("retention-policies/{name}", POLICY.id), POLICY);
  answer("/api/v1/staging-jobs", page_([JOB, COMING]));
  answer(at("staging-jobs/{job_id}", COMING.id), COMING);
});
afterEach(() => {
  vi.useRealTimers();
});

const UNDER_WAY = { ...PROGRESS, packages_archived: 1, files_archived: 200, archived: false };

/** Pages with their addresses, and what a person must see of values that are new. */
const PAGES: readonly (readonly [name: string, at: string, page: ReactNode, seen: string])[] = [
  [
    "Overview",
    "/",
    <OverviewPage key="" />,
    "Attention.severity Turn FlowStep.step SignOfLife.what LocationType RecentEvent.action",
  ],
  ["the verdict beside a page", "/", <VerdictBeside key="" />, "Verdict.level"],
  ["Work", "/work", <WorkPage key="" />, "Turn"],
  [
    "Work, opened",
    "/work?open=given_up",
    <WorkPage key="" />,
    "Turn OpenWorkKind OpenWorkRow.status OpenWorkRow.reason",
  ],
  [
    "Work, one list",
    "/work?by=none",
    <WorkPage key="" />,
    "Turn OpenWorkKind OpenWorkRow.status OpenWorkRow.reason",
  ],
  [
    "work",
    "/",
    <WorkItemPage key="" collection="data-transfers" id={TRANSFER.id} />,
    "Turn Event.action ccat_ops_db__enumerations__Status DataTransferRow.error_category DataTransferRow.waiting_reason",
  ],
  [
    "ended work",
    "/work/ended/data-transfers",
    <EndedWorkPage key="" collection="data-transfers" />,
    "ccat_ops_db__enumerations__Status",
  ],
  ["Errors", "/errors", <ErrorsPage key="" />, "Severity Error.category"],
  [
    "an error",
    "/",
    <ErrorPage key="" id={ERROR.id} />,
    "Event.action Severity Error.category Error.subject_type",
  ],
  [
    "Observations",
    "/observations",
    <ObservationsPage key="" />,
    "ExecutionStatus DataState ExecutionData.reason",
  ],
  [
    "an observation",
    "/",
    <ObservationPage key="" id={EXECUTION.id} />,
    "Event.action ExecutionStatus Package.waiting_reason JobState",
  ],
  [
    "a package",
    "/",
    <PackagePage key="" id={PACKAGE.id} />,
    "PackageState LocationType PhysicalCopyStatus StepKind LifeStep.reason LifeStep.error_category Service.state",
  ],
  [
    "a place",
    "/",
    <PlacePage key="" name={PLACE.id} />,
    "Turn LocationType Event.action StorageType DeletionMode VerificationMethod Service.state DeletionTrigger",
  ],
  ["Staging", "/staging", <StagingPage key="" />, "JobState"],
  ["a staging job", "/", <StagingJobPage key="" id={COMING.id} />, "JobState StagingJob.reason"],
];
function VerdictBeside() {
  return (
    <>
      <Verdict />
      <PageTitle>A page</PageTitle>
    </>
  );
}

const ALL = person(Object.values(operations).flatMap(({ permission }) => permission ?? []));

test.each(PAGES)("%s stands, whatever a newer API says", async (_, address, content, seen) => {
  const expected = seen.split(" ");
  const drawn = async (vocabulary: string | null) => {
    const { cache, unmount } = await show(content, { at: address, me: ALL });
    await expect.element(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect.poll(() => cache.isFetching(), PATIENT).toBe(0);
    if (vocabulary !== null && expected.includes(vocabulary)) {
      await expect
        .poll(() => document.body.textContent, { ...PATIENT, message: vocabulary })
        .toMatch(/some.new.value/i);
    }
    const text = document.body.textContent;
    await unmount();
    return text;
  };
  expect(await drawn(null)).not.toMatch(FAULT);
  const asked = new Set(requests().map((request) => request.address.replace(/\?.*/, "")));
  const given = [...answers()].filter(([path]) => asked.has(path));
  const vocabularies = new Set(given.flatMap(([path, body]) => vocabulariesOf(path, body)));
  expect([...vocabularies]).toEqual(expect.arrayContaining(expected));
  const faults: string[] = [];
  for (const vocabulary of vocabularies) {
    for (const [path, body] of given) answer(path, withUnknown(path, body, vocabulary) as never);
    if (FAULT.test(await drawn(vocabulary))) faults.push(vocabulary);
  }
  expect(faults).toEqual([]);
});

/** Milliseconds, for a machine that does other things beside. */
const PATIENT = { interval: 20, timeout: 20_000 };

/** What a page says that cannot be drawn, or that says what nobody said. */
const FAULT = /defect|undefined/;

function page_<T>(items: readonly T[]) {
  return { items: [...items], next_cursor: null };
}

/** Return a path of the contract with a value in it, as the table of answers has it. */
function at<P extends string>(path: P, value: string): `/api/v1/${P}` {
  return `/api/v1/${path.replace(/\{[^}]+\}/, value)}` as `/api/v1/${P}`;
}
