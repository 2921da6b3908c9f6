import { createFileRoute, redirect } from "@tanstack/react-router";
import { getAhead } from "~/api/get";
import { meQuery } from "~/api/me";
import { may } from "~/api/permissions";
import { Problem } from "~/api/problem";
import { Shell } from "~/shell/Shell";

export const Route = createFileRoute("/_shell")({
  beforeLoad: async ({ context, location }) => {
    try {
      const me = await context.cache.ensureQueryData(meQuery);
      // The verdict stands on every page.
      if (may(me, "get_status")) getAhead(context.cache, "/api/v1/status", {});
    } catch (error) {
      if (!(error instanceof Problem) || !error.isSessionEnded) throw error;
      throw redirect({ to: "/sign-in", search: { to: location.href } });
    }
  },
  component: Shell,
});
