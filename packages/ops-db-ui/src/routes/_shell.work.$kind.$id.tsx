import { createFileRoute } from "@tanstack/react-router";
import { WorkItemPage } from "~/pages/work/WorkItemPage";

export const Route = createFileRoute("/_shell/work/$kind/$id")({
  component: () => {
    const { kind, id } = Route.useParams();
    return <WorkItemPage collection={kind} id={id} />;
  },
});
