import { createFileRoute, redirect } from "@tanstack/react-router";
import { operations } from "~/api/operations.gen";
import { listSearch } from "~/lists/state";
import { ErrorsPage } from "~/pages/errors/ErrorsPage";
import { FIRST_VIEW } from "~/pages/errors/first-view";

export const Route = createFileRoute("/_shell/errors/")({
  validateSearch: listSearch(operations.list_errors),
  beforeLoad: ({ search }) => {
    if (Object.keys(search).length === 0)
      throw redirect({ to: "/errors", search: FIRST_VIEW, replace: true });
  },
  component: ErrorsPage,
});
