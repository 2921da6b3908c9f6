import type { LinkProps } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import { useMe } from "~/api/me";
import { type RouteOrPlace, useNewestError } from "~/api/newest-error";
import { may } from "~/api/permissions";
import type { Attention } from "~/pages/overview/answers";
import { workKind } from "~/pages/work/kinds";

/** The newest error behind a card, and where it is shown. */
export interface Cause {
  readonly message: string;
  readonly link: LinkProps;
}

/** Return the newest error behind a card; null where there is none, or the card says it already; undefined: still asked. */
export function useCause(card: Attention): Cause | null | undefined {
  const given = card.rule === "given_up" && card.subjects?.collection === "open-work";
  const query = { ...(given ? card.subjects?.filter : {}), sort: "-waiting_since", limit: 1 };
  const work = useGet(
    "/api/v1/open-work",
    { params: { query: query as never } },
    { enabled: may(useMe(), "list_open_work") && given },
  );
  const error = useNewestError(outOfService(card));
  if (work.isLoading || error === undefined) return undefined;
  if (error !== null) return { message: error.message, link: errorPage(error.id) };
  const row = given ? work.data?.items[0] : undefined;
  const kind = workKind(row?.collection ?? "");
  if (row?.error_message == null || kind === undefined || card.why.includes(row.error_message)) return null;
  return {
    message: row.error_message,
    link: { to: "/work/$kind/$id", params: { kind: kind.collection, id: row.id } },
  };
}

function errorPage(id: string): LinkProps {
  return { to: "/errors/$id", params: { id } };
}

/** Return the paused route or location that a card is about, or that brings about what it is about; null: none. */
function outOfService({ rule, where, subjects, cause }: Attention): RouteOrPlace | null {
  if (cause !== null && cause.id !== null) return { collection: cause.collection, id: cause.id };
  if (rule !== "circuit_open" || where === null) return null;
  const isRoute = subjects?.collection === "routes" || subjects?.filter?.route !== undefined;
  return { collection: isRoute ? "routes" : "data-locations", id: where };
}
