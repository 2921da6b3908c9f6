import { createFileRoute } from "@tanstack/react-router";
import { PackagePage } from "~/pages/packages/PackagePage";

export const Route = createFileRoute("/_shell/packages/$id")({ component: Page });

function Page() {
  const { id } = Route.useParams();
  return <PackagePage id={id} key={id} />;
}
