import { QueryClient } from "@tanstack/react-query";
import { Problem } from "~/api/problem";

const MOST_ATTEMPTS = 2;

/** Return the store of answers. It asks again only where the API says that this may help. */
export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        gcTime: 10 * 60_000,
        retry: (count, error) =>
          error instanceof Problem && error.retry.may === "same-request" && count < MOST_ATTEMPTS,
        retryDelay: (count) => Math.min(1_000 * 2 ** count, 15_000),
        networkMode: "always",
      },
      mutations: { retry: false, networkMode: "always" },
    },
  });
}
