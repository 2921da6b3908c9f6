import { createFileRoute } from "@tanstack/react-router";
import { ErrorPage } from "~/pages/errors/ErrorPage";

export const Route = createFileRoute("/_shell/errors/$id")({ component: Page });

function Page() {
  const { id } = Route.useParams();
  return <ErrorPage id={id} key={id} />;
}
