import { createFileRoute } from "@tanstack/react-router";
import { StagingJobPage } from "~/pages/staging/StagingJobPage";

export const Route = createFileRoute("/_shell/staging/$id")({ component: Page });

function Page() {
  const { id } = Route.useParams();
  return <StagingJobPage id={id} />;
}
