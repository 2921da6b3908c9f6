import { createFileRoute } from "@tanstack/react-router";
import { operations } from "~/api/operations.gen";
import { listSearch } from "~/lists/state";
import { EndedWorkPage } from "~/pages/work/EndedWorkPage";

export const Route = createFileRoute("/_shell/work/ended/$kind")({
  // The filters of all kinds are the same.
  validateSearch: listSearch(operations.list_data_transfers),
  component: () => <EndedWorkPage collection={Route.useParams().kind} />,
});
