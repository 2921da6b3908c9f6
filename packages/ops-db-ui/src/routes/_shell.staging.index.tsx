import { createFileRoute } from "@tanstack/react-router";
import { StagingPage } from "~/pages/staging/StagingPage";

export const Route = createFileRoute("/_shell/staging/")({ component: StagingPage });
