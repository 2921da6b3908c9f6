import { useSuspenseQuery } from "@tanstack/react-query";
import { api, setCsrfToken } from "~/api/client";
import type { components } from "~/api/schema.gen";

export type Me = components["schemas"]["Me"];

export const meQuery = {
  queryKey: ["/api/v1/me"] as const,
  queryFn: async ({ signal }: { signal: AbortSignal }): Promise<Me> => {
    const { data } = await api.GET("/api/v1/me", { signal });
    if (data === undefined) throw new Error("an answer without a body");
    setCsrfToken(data.csrf_token);
    return data;
  },
  staleTime: 60_000,
};

/** Who is signed in; only below the shell, which waits for it. */
export function useMe(): Me {
  return useSuspenseQuery(meQuery).data;
}
