import { createFileRoute } from "@tanstack/react-router";
import { operations } from "~/api/operations.gen";
import { listSearch } from "~/lists/state";
import { StagingPage } from "~/pages/staging/StagingPage";

export const Route = createFileRoute("/_shell/staging/")({
  validateSearch: listSearch(operations.list_staging_jobs),
  component: StagingPage,
});
