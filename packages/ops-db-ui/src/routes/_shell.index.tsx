import { createFileRoute } from "@tanstack/react-router";
import { OverviewPage } from "~/pages/overview/OverviewPage";

export const Route = createFileRoute("/_shell/")({
  // `?wall`, with or without a value: for a screen on the wall.
  validateSearch: (search: Record<string, unknown>): { wall?: string } =>
    "wall" in search ? { wall: "" } : {},
  component: Page,
});

function Page() {
  return <OverviewPage isWall={Route.useSearch().wall !== undefined} />;
}
