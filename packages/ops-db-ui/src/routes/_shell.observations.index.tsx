import { createFileRoute } from "@tanstack/react-router";
import { ObservationsPage } from "~/pages/observations/ObservationsPage";

export const Route = createFileRoute("/_shell/observations/")({ component: ObservationsPage });
