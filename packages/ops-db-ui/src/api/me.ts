import { useSuspenseQuery } from "@tanstack/react-query";
import { setCsrfToken } from "~/api/client";
import { get } from "~/api/get";
import type { components } from "~/api/schema.gen";

export type Me = components["schemas"]["Me"];

export const meQuery = {
  queryKey: ["/api/v1/me"] as const,
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Me> => {
    const me = await get("/api/v1/me", {}, signal);
    setCsrfToken(me.csrf_token);
    return me;
  },
  staleTime: 60_000,
};

/** Who is signed in; only below the shell, which waits for it. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}
