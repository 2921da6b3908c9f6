import type { LinkProps } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import { useMe } from "~/api/me";
import { may } from "~/api/permissions";
import type { Attention } from "~/pages/overview/answers";
import { workKind } from "~/pages/work/kinds";

/** The newest error behind a card, and where it is shown. */
export interface Cause {
  readonly message: string;
  readonly link: LinkProps;
}

/** Reasons of work that was tried and failed, over a route or at a location that is paused. */
const TRIED = ["back_off", "dispatched", "in_progress"] as const;

/** Return the newest error behind a card; null where there is none, or the card says it already; undefined: still asked. */
export function useCause(card: Attention): Cause | null | undefined {
  const filter = filterOf(card);
  const query = { ...filter, sort: "-waiting_since", limit: 1 };
  const work = useGet(
    "/api/v1/open-work",
    { params: { query: query as never } },
    { enabled: may(useMe(), "list_open_work") && filter !== null },
  );
  if (work.isLoading) return undefined;
  const row = filter === null ? undefined : work.data?.items[0];
  const kind = workKind(row?.collection ?? "");
  if (row?.error_message == null || kind === undefined || card.why.includes(row.error_message)) return null;
  return {
    message: row.error_message,
    link: { to: "/work/$kind/$id", params: { kind: kind.collection, id: row.id } },
  };
}

/** Return which work failed for what a card is about; null: none that would say more. */
function filterOf({ rule, where, subjects }: Attention): Readonly<Record<string, unknown>> | null {
  if (rule === "given_up" && subjects?.collection === "open-work") return { ...subjects.filter };
  if (rule !== "circuit_open" || where === null) return null;
  const isRoute = subjects?.collection === "routes" || subjects?.filter?.route !== undefined;
  return { [isRoute ? "route" : "place"]: [where], reason: TRIED };
}
