import { createFileRoute } from "@tanstack/react-router";
import { EndedWorkPage } from "~/pages/work/EndedWorkPage";

export const Route = createFileRoute("/_shell/work/ended/$kind")({ component: EndedWorkPage });
