import type { Query } from "~/lists/pages";
import { BulkVerb } from "~/pages/work/BulkVerb";
import { type Group, kindsOf } from "~/pages/work/group-words";

/** Retry and cancel for all work of a group, where there is any. */
export function BulkVerbs({ group, filter }: { readonly group: Group; readonly filter: Query }) {
  const { retry, cancel } = group.can;
  const isOneKind = Object.keys(group.kinds).length === 1;
  const what = (count: number) => (isOneKind && count === group.count ? kindsOf(group) : null);
  return (
    <>
      {retry > 0 && <BulkVerb verb="retry" count={retry} what={what(retry)} where={filter} kind="plain" />}
      {cancel > 0 && (
        <BulkVerb verb="cancel" count={cancel} what={what(cancel)} where={filter} kind="quiet" />
      )}
    </>
  );
}
