import { createFileRoute } from "@tanstack/react-router";
import { WorkPage } from "~/pages/work/WorkPage";

export const Route = createFileRoute("/_shell/work/")({ component: WorkPage });
