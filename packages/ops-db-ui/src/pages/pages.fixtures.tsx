import type { ReactNode } from "react";
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
import { badNight, badWork } from "~/pages/overview/nights.fixtures";
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
import { answer } from "~tests/answers";
import { person } from "~tests/show";

/** Somebody who may do everything. */
export const ALL = person(Object.values(operations).flatMap(({ permission }) => permission ?? []));

/** Let the API answer what any of the pages asks, with something in every part of it. */
export function answerPages(): void {
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
}

const UNDER_WAY = { ...PROGRESS, packages_archived: 1, files_archived: 200, archived: false };

function VerdictBeside() {
  return (
    <>
      <Verdict />
      <PageTitle>A page</PageTitle>
    </>
  );
}

/** Pages by their names, with their addresses. */
export const PAGES: Readonly<Record<string, readonly [at: string, page: ReactNode]>> = {
  Overview: ["/", <OverviewPage key="" />],
  "the verdict beside a page": ["/", <VerdictBeside key="" />],
  Work: ["/work", <WorkPage key="" />],
  "Work, opened": ["/work?open=given_up", <WorkPage key="" />],
  "Work, one list": ["/work?by=none", <WorkPage key="" />],
  work: ["/", <WorkItemPage key="" collection="data-transfers" id={TRANSFER.id} />],
  "ended work": ["/work/ended/data-transfers", <EndedWorkPage key="" collection="data-transfers" />],
  Errors: ["/errors", <ErrorsPage key="" />],
  "an error": ["/", <ErrorPage key="" id={ERROR.id} />],
  Observations: ["/observations", <ObservationsPage key="" />],
  "an observation": ["/", <ObservationPage key="" id={EXECUTION.id} />],
  "a package": ["/", <PackagePage key="" id={PACKAGE.id} />],
  "a place": ["/", <PlacePage key="" name={PLACE.id} />],
  Staging: ["/staging", <StagingPage key="" />],
  "a staging job": ["/", <StagingJobPage key="" id={COMING.id} />],
};

function page_<T>(items: readonly T[]) {
  return { items: [...items], next_cursor: null };
}

/** Return a path of the contract with a value in it, as the table of answers has it. */
function at<P extends string>(path: P, value: string): `/api/v1/${P}` {
  return `/api/v1/${path.replace(/\{[^}]+\}/, value)}` as `/api/v1/${P}`;
}
