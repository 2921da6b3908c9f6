import type { LinkProps } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import { useMe } from "~/api/me";
import { may } from "~/api/permissions";
import type { Attention } from "~/pages/overview/answers";
import { workKind } from "~/pages/work/kinds";

/** The newest error behind a card, and where it is shown. */
export interface Cause {
  readonly message: string;
  readonly at: string | null;
  readonly link: LinkProps;
}

/** Return the newest error behind a card; null where there is none, or the card says it already. */
export function useCause(card: Attention): Cause | null {
  const ofPause = usePauseError(card);
  const ofWork = useWorkError(card);
  const cause = ofPause ?? ofWork;
  return cause === null || card.why.includes(cause.message) ? null : cause;
}

/** The newest open error of a route or a location that is paused. */
function usePauseError({ rule, where }: Attention): Cause | null {
  const isAsked = rule === "circuit_open" && where !== null;
  const query = { open: true, subject_id: [where ?? ""], sort: "-last_seen_at" as const, limit: 1 };
  const errors = useGet(
    "/api/v1/errors",
    { params: { query } },
    { enabled: may(useMe(), "list_errors") && isAsked },
  );
  const error = isAsked ? errors.data?.items[0] : undefined;
  if (error === undefined) return null;
  return {
    message: error.message,
    at: error.last_seen_at,
    link: { to: "/errors/$id", params: { id: error.id } },
  };
}

/** The last error of work that was given up. */
function useWorkError({ rule, subjects }: Attention): Cause | null {
  const isAsked = rule === "given_up" && subjects?.collection === "open-work";
  const query = { ...subjects?.filter, sort: "-waiting_since" as const, limit: 1 };
  const work = useGet("/api/v1/open-work", { params: { query: query as never } }, { enabled: isAsked });
  const row = isAsked ? work.data?.items[0] : undefined;
  const kind = workKind(row?.collection ?? "");
  if (row?.error_message == null || kind === undefined) return null;
  return {
    message: row.error_message,
    at: row.since,
    link: { to: "/work/$kind/$id", params: { kind: kind.collection, id: row.id } },
  };
}
