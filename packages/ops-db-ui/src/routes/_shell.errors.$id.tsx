import { createFileRoute } from "@tanstack/react-router";
import { ErrorPage } from "~/pages/errors/ErrorPage";

export const Route = createFileRoute("/_shell/errors/$id")({ component: ErrorPage });
