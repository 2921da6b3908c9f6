import { createFileRoute } from "@tanstack/react-router";
import { StagingJobPage } from "~/pages/staging/StagingJobPage";

export const Route = createFileRoute("/_shell/staging/$id")({ component: StagingJobPage });
