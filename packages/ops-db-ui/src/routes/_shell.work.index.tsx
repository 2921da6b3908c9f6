import { createFileRoute } from "@tanstack/react-router";
import { operations } from "~/api/operations.gen";
import { listSearch } from "~/lists/state";
import { WorkPage } from "~/pages/work/WorkPage";

export const Route = createFileRoute("/_shell/work/")({
  validateSearch: listSearch(operations.list_open_work, ["by", "open"]),
  component: WorkPage,
});
