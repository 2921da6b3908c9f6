import { createFileRoute } from "@tanstack/react-router";
import { ErrorsPage } from "~/pages/errors/ErrorsPage";

export const Route = createFileRoute("/_shell/errors/")({ component: ErrorsPage });
