import { useQuery } from "@tanstack/react-query";
import { get, keyOf } from "~/api/get";
import { useMe } from "~/api/me";
import { may } from "~/api/permissions";
import type { components } from "~/api/schema.gen";

/** What is said of a reason for waiting. */
export type WaitingReason = components["schemas"]["CatalogueEntry"];

/** Whose turn it is. */
export type Turn = components["schemas"]["Turn"];

/** Whose turn it is, as a part of a sentence after *turn:*. */
export const TURNS: Readonly<Record<Turn, string>> = {
  automatic: "goes on by itself",
  operator: "an operator",
  site: "the site",
  instrument: "the instrument team",
  requester: "who asked for it",
};

const PATH = "/api/v1/waiting-reasons";

/** Return what each reason is called, by its code; read once, it changes with the service only. */
export function useWaitingReasons(): ReadonlyMap<string, WaitingReason> {
  const me = useMe();
  const answer = useQuery({
    queryKey: keyOf(PATH, undefined),
    queryFn: ({ signal }) => get(PATH, {}, signal),
    select: byCode,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: may(me, "list_waiting_reasons"),
  });
  return answer.data ?? NONE;
}

const NONE: ReadonlyMap<string, WaitingReason> = new Map();

function byCode({ items }: components["schemas"]["WaitingReasons"]): ReadonlyMap<string, WaitingReason> {
  return new Map(items.map((entry) => [entry.code, entry]));
}
