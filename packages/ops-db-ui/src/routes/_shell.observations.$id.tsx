import { createFileRoute } from "@tanstack/react-router";
import { ObservationPage } from "~/pages/observations/ObservationPage";

export const Route = createFileRoute("/_shell/observations/$id")({ component: ObservationPage });
