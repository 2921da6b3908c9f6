import type { LinkProps } from "@tanstack/react-router";
import { lazy, type ReactNode } from "react";

const ObservationPage = lazy(() =>
  import("~/pages/observations/ObservationPage").then((module) => ({ default: module.ObservationPage })),
);
const PackagePage = lazy(() =>
  import("~/pages/packages/PackagePage").then((module) => ({ default: module.PackagePage })),
);
const ErrorPage = lazy(() =>
  import("~/pages/errors/ErrorPage").then((module) => ({ default: module.ErrorPage })),
);
const StagingJobPage = lazy(() =>
  import("~/pages/staging/StagingJobPage").then((module) => ({ default: module.StagingJobPage })),
);
const WorkItemPage = lazy(() =>
  import("~/pages/work/WorkItemPage").then((module) => ({ default: module.WorkItemPage })),
);

/** A page that can stand beside a list, and the link to it on its own. */
export interface PanePage {
  readonly link: LinkProps;
  readonly page: ReactNode;
}

const WORK = /^\/work\/([^/]+)\/([^/]+)$/;
const THING = /^\/([^/]+)\/([^/]+)$/;

/** Return the page of a path that rows of lists lead to; null for any other path. */
export function panePage(path: string): PanePage | null {
  const [, kind, work] = WORK.exec(path) ?? [];
  if (kind !== undefined && work !== undefined) {
    return {
      link: { to: "/work/$kind/$id", params: { kind, id: work } },
      page: <WorkItemPage collection={kind} id={work} />,
    };
  }
  const [, list, id = ""] = THING.exec(path) ?? [];
  const params = { id };
  switch (list) {
    case "observations":
      return { link: { to: "/observations/$id", params }, page: <ObservationPage id={id} /> };
    case "packages":
      return { link: { to: "/packages/$id", params }, page: <PackagePage id={id} /> };
    case "errors":
      return { link: { to: "/errors/$id", params }, page: <ErrorPage id={id} /> };
    case "staging":
      return { link: { to: "/staging/$id", params }, page: <StagingJobPage id={id} /> };
    default:
      return null;
  }
}
