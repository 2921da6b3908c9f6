import { createFileRoute } from "@tanstack/react-router";
import { PlacePage } from "~/pages/places/PlacePage";

export const Route = createFileRoute("/_shell/places/locations/$name")({ component: Page });

function Page() {
  const { name } = Route.useParams();
  return <PlacePage name={name} key={name} />;
}
