import type { Query } from "~/lists/pages";
import { BulkVerb } from "~/pages/work/BulkVerb";
import { type Group, kindsOf } from "~/pages/work/group-words";

interface Given {
  readonly group: Group;
  readonly filter: Query;
}

/** Retry for all work of a group, where all of it failed for one cause: what has several is looked at first. */
export function RetryOfOneCause({ group, filter }: Given) {
  if (group.can.retry === 0 || hasSeveralCauses(group)) return null;
  return <Retry group={group} filter={filter} />;
}

/** The verbs for all work of a group that belong below its rows, where one sees what they are for. */
export function VerbsBelowRows({ group, filter }: Given) {
  const { retry, cancel } = group.can;
  return (
    <>
      {retry > 0 && hasSeveralCauses(group) && <Retry group={group} filter={filter} />}
      {cancel > 0 && <BulkVerb verb="cancel" count={cancel} what={whatOf(group, cancel)} where={filter} />}
    </>
  );
}

function Retry({ group, filter }: Given) {
  const { retry } = group.can;
  return <BulkVerb verb="retry" count={retry} what={whatOf(group, retry)} where={filter} />;
}

/** Whether the work of a group failed for several causes. */
export function hasSeveralCauses(group: Group): boolean {
  return Object.keys(group.error_categories).length > 1;
}

function whatOf(group: Group, count: number): string | null {
  return Object.keys(group.kinds).length === 1 && count === group.count ? kindsOf(group) : null;
}
