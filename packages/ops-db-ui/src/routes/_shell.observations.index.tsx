import { createFileRoute } from "@tanstack/react-router";
import { operations } from "~/api/operations.gen";
import { listSearch } from "~/lists/state";
import { ObservationsPage } from "~/pages/observations/ObservationsPage";

export const Route = createFileRoute("/_shell/observations/")({
  validateSearch: listSearch(operations.list_executions),
  component: ObservationsPage,
});
