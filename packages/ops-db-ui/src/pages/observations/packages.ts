import { useGet } from "~/api/get";

/** More than an observation ever has; the answer says if it was not enough. */
export const MOST = 1000;

/** The packages of an observation, in the order in which they were formed. */
export function usePackages(executionId: string) {
  return useGet("/api/v1/raw-data-packages", {
    params: { query: { execution_id: [executionId], sort: "created_at", limit: MOST } },
  });
}
