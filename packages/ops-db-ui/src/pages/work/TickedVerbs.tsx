import { BulkVerb } from "~/pages/work/BulkVerb";
import { kindCount } from "~/pages/work/kinds";
import type { OpenWork } from "~/pages/work/OpenWorkRows";

const VERBS = ["retry", "cancel"] as const;

/** Retry and cancel for the ticked rows, each for those of them with which it can be done. */
export function TickedVerbs({ rows }: { readonly rows: readonly OpenWork[] }) {
  const offered = VERBS.map((verb) => [verb, rows.filter(({ actions }) => actions.includes(verb))] as const);
  if (offered.every(([, able]) => able.length === 0)) {
    return <span>Nothing can be done with them here.</span>;
  }
  return offered
    .filter(([, able]) => able.length > 0)
    .map(([verb, able]) => (
      <BulkVerb
        key={verb}
        verb={verb}
        count={able.length}
        what={nameOf(able)}
        where={{ id: able.map(({ id }) => id) }}
      />
    ));
}

function nameOf(rows: readonly OpenWork[]): string | null {
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  return kinds.length === 1 && kinds[0] !== undefined ? kindCount(kinds[0], rows.length) : null;
}
