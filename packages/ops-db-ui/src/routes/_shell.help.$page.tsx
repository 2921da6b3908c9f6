import { createFileRoute } from "@tanstack/react-router";
import { helpText } from "~/help/texts";
import { HelpPage } from "~/pages/help/HelpPage";

export const Route = createFileRoute("/_shell/help/$page")({
  loader: ({ params }) => helpText(params.page),
  component: HelpPage,
});
