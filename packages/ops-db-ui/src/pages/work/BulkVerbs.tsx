import type { Answer } from "~/api/get";
import type { Query } from "~/lists/pages";
import { BulkVerb } from "~/pages/work/BulkVerb";

type Group = Answer<"/api/v1/open-work/groups">["groups"][number];

/** Retry and cancel for all work of a group, where there is any. */
export function BulkVerbs({ group, filter }: { readonly group: Group; readonly filter: Query }) {
  const { retry, cancel } = group.can;
  return (
    <>
      {cancel > 0 && <BulkVerb verb="cancel" count={cancel} where={filter} kind="quiet" />}
      {retry > 0 && <BulkVerb verb="retry" count={retry} where={filter} kind="plain" />}
    </>
  );
}
