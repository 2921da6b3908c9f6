import { createFileRoute } from "@tanstack/react-router";
import { operations } from "~/api/operations.gen";
import { listSearch } from "~/lists/state";
import { ErrorsPage } from "~/pages/errors/ErrorsPage";

export const Route = createFileRoute("/_shell/errors/")({
  validateSearch: listSearch(operations.list_errors),
  component: ErrorsPage,
});
