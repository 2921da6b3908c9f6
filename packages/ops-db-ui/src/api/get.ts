import { keepPreviousData, type QueryClient, type UseQueryResult, useQuery } from "@tanstack/react-query";
import type { MaybeOptionalInit } from "openapi-fetch";
import type { PathsWithMethod, ResponseObjectMap, SuccessResponse } from "openapi-typescript-helpers";
import { api, bodyOf } from "~/api/client";
import type { Problem } from "~/api/problem";
import type { paths } from "~/api/schema.gen";
import { liveOptions } from "~/live/polling";

export type GetPath = PathsWithMethod<paths, "get">;
type Init<P extends GetPath> = MaybeOptionalInit<paths[P], "get">;
export type Answer<P extends GetPath> = SuccessResponse<
  ResponseObjectMap<paths[P]["get"] & Record<string | number, unknown>>,
  "application/json"
>;

/** The name under which an answer is kept: its address and what was asked. */
export function keyOf(path: GetPath, params: unknown): readonly unknown[] {
  return [path, params ?? {}];
}

/** Ask once, outside a component. */
export async function get<P extends GetPath>(
  path: P,
  init: Init<P>,
  signal?: AbortSignal,
): Promise<Answer<P>> {
  const call = api.GET as (path: P, init: unknown) => Promise<{ data?: Answer<P> }>;
  return bodyOf(await call(path, { ...init, signal }));
}

/** Ask before the component that shows it is there; nothing, where an answer is known already. */
export function getAhead<P extends GetPath>(cache: QueryClient, path: P, init: Init<P>): void {
  const queryKey = keyOf(path, (init as { params?: unknown } | undefined)?.params);
  if (cache.getQueryData(queryKey) !== undefined) return;
  void cache.prefetchQuery({ queryKey, queryFn: ({ signal }) => get(path, init, signal) });
}

/** Ask and keep the answer current while the page is looked at; earlier answers stay while newer ones load. */
export function useGet<P extends GetPath>(
  path: P,
  init: Init<P>,
  options: { readonly enabled?: boolean; readonly live?: boolean } = {},
): UseQueryResult<Answer<P>, Problem> {
  const params = (init as { params?: unknown } | undefined)?.params;
  return useQuery<Answer<P>, Problem>({
    queryKey: keyOf(path, params),
    queryFn: ({ signal }) => get(path, init, signal),
    placeholderData: keepPreviousData,
    enabled: options.enabled ?? true,
    ...liveOptions(options.live ?? true),
  });
}
