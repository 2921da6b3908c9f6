import { createFileRoute, redirect } from "@tanstack/react-router";
import { operations } from "~/api/operations.gen";
import { listSearch, withPane } from "~/lists/state";
import { ErrorsPage } from "~/pages/errors/ErrorsPage";
import { FIRST_VIEW } from "~/pages/errors/first-view";

export const Route = createFileRoute("/_shell/errors/")({
  validateSearch: listSearch(operations.list_errors),
  beforeLoad: ({ search }) => {
    if (Object.keys(withPane(search, null)).length === 0)
      throw redirect({ to: "/errors", search: { ...FIRST_VIEW, ...search }, replace: true });
  },
  component: ErrorsPage,
});
