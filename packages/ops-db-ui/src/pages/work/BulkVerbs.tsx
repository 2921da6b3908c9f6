import type { Answer } from "~/api/get";
import type { Query } from "~/lists/pages";
import { BulkVerb } from "~/pages/work/BulkVerb";

type Group = Answer<"/api/v1/open-work/groups">["groups"][number];

/** Reasons of work that has ended without success, and so can be retried. */
const ENDED: readonly string[] = ["given_up", "cancelled"];
/** Reasons that only work under way has, which can be cancelled. */
const OPEN: readonly string[] = [
  "back_off",
  "no_worker",
  "dispatched",
  "in_progress",
  "awaiting_verification",
  "not_planned",
  "concurrency_limit",
  "grace_period",
];

/** Retry and cancel for all work of a group, where there is any. */
export function BulkVerbs({ group, filter }: { readonly group: Group; readonly filter: Query }) {
  const ended = countOf(group, ENDED);
  const open = countOf(group, OPEN);
  return (
    <>
      {open > 0 && <BulkVerb verb="cancel" count={open} where={filter} kind="quiet" />}
      {ended > 0 && <BulkVerb verb="retry" count={ended} where={filter} kind="plain" />}
    </>
  );
}

function countOf(group: Group, reasons: readonly string[]): number {
  return reasons.reduce<number>((sum, reason) => sum + (group.reasons[reason] ?? 0), 0);
}
