import { useGet } from "~/api/get";
import { useMe } from "~/api/me";
import { may } from "~/api/permissions";
import type { components } from "~/api/schema.gen";

/** A route or a location. */
export interface RouteOrPlace {
  readonly collection: string;
  readonly id: string;
}

/**
 * Return the newest open error of a route or location; null: none; undefined: still asked.
 *
 * @param category Of which category; null: of any.
 */
export function useNewestError(
  of: RouteOrPlace | null,
  category: string | null = null,
): components["schemas"]["Error"] | null | undefined {
  const where = [of?.id ?? ""];
  const query = {
    ...(of?.collection === "routes" ? { route: where } : { location: where }),
    ...(category === null ? {} : { category: [category] }),
    open: true,
    sort: "-last_seen_at",
    limit: 1,
  } as const;
  const enabled = may(useMe(), "list_errors") && of !== null;
  const found = useGet("/api/v1/errors", { params: { query } }, { enabled });
  if (found.isLoading) return undefined;
  return (enabled ? found.data?.items[0] : undefined) ?? null;
}
