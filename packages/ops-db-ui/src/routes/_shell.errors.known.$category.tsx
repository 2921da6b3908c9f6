import { createFileRoute } from "@tanstack/react-router";
import { KnownErrorPage } from "~/pages/errors/KnownErrorPage";

export const Route = createFileRoute("/_shell/errors/known/$category")({ component: Page });

function Page() {
  const { category } = Route.useParams();
  return <KnownErrorPage code={category} key={category} />;
}
