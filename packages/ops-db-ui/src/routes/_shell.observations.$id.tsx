import { createFileRoute } from "@tanstack/react-router";
import { ObservationPage } from "~/pages/observations/ObservationPage";

export const Route = createFileRoute("/_shell/observations/$id")({ component: Page });

function Page() {
  const { id } = Route.useParams();
  return <ObservationPage id={id} />;
}
