import { createFileRoute, redirect } from "@tanstack/react-router";
import { meQuery } from "~/api/me";
import { Problem } from "~/api/problem";
import { Shell } from "~/shell/Shell";

export const Route = createFileRoute("/_shell")({
  beforeLoad: async ({ context, location }) => {
    try {
      await context.cache.ensureQueryData(meQuery);
    } catch (error) {
      if (!(error instanceof Problem) || !error.isSessionEnded) throw error;
      throw redirect({ to: "/sign-in", search: { to: location.href } });
    }
  },
  component: Shell,
});
