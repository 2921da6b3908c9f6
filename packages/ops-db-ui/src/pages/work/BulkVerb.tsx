import { ActionButton } from "~/actions/ActionButton";
import { newIdempotencyKey } from "~/actions/keys";
import { api, bodyOf } from "~/api/client";
import { get } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { grouped } from "~/components/quantity";
import type { Query } from "~/lists/pages";
import { BulkEffect } from "~/pages/work/BulkEffect";
import { SHOWS_WORK } from "~/pages/work/kinds";
import { whereOf } from "~/pages/work/where";

type Changed = components["schemas"]["ChangedWork"];

/** A verb for all work that some filters list; the dialog shows first what would be done and what refused. */
export function BulkVerb({
  verb,
  count,
  what = null,
  where,
}: {
  readonly verb: "retry" | "cancel";
  readonly count: number;
  /** How many of what, where it is all of one kind: `3 transfers`. */
  readonly what?: string | null;
  readonly where: Query;
}) {
  const label = `${verb === "retry" ? "Retry" : "Cancel"} ${what ?? grouped(count)}`;
  return (
    <ActionButton
      operation={verb === "retry" ? "retry_open_work" : "cancel_open_work"}
      label={label}
      title={`${label}?`}
      reason="required"
      kind="plain"
      count={count}
      effect={
        verb === "retry"
          ? "All of it is tried again at once. What has not been mended fails again."
          : "All of it stops, and stays stopped until somebody retries it."
      }
      dryRun={() => effectOf(verb, where)}
      run={({ reason, idempotencyKey }) => change(verb, where, reason ?? "", false, idempotencyKey)}
      done={(answer) => doneOf(answer as Changed)}
      invalidates={SHOWS_WORK}
    />
  );
}

/** Return what would be done, by kind and by what failed last. */
async function effectOf(verb: "retry" | "cancel", where: Query) {
  const ended = verb === "retry" ? { status: ["failed" as const, "cancelled" as const] } : {};
  const query = { ...where, ...ended, by: "kind" as const };
  const [changed, { groups }, categories] = await Promise.all([
    change(verb, where, "How much would it be?", true, newIdempotencyKey()),
    get("/api/v1/open-work/groups", { params: { query } }),
    get("/api/v1/error-categories", {}),
  ]);
  return <BulkEffect of={changed} groups={groups} categories={categories.items} />;
}

async function change(
  verb: "retry" | "cancel",
  where: Query,
  reason: string,
  isDryRun: boolean,
  idempotencyKey: string,
): Promise<Changed> {
  const answer = await api.POST(`/api/v1/open-work:${verb}`, {
    body: { where: whereOf(where), reason, dry_run: isDryRun },
    params: { header: { "idempotency-key": idempotencyKey } },
  });
  return bodyOf(answer);
}

function doneOf({ verb, done, refused, more }: Changed): string {
  const word = verb === "retry" ? "retried" : "cancelled";
  const parts = [
    `${grouped(done)} ${word}`,
    ...(refused.length > 0 ? [`${grouped(refused.length)} refused`] : []),
    ...(more ? ["more are left; do it again for the rest"] : []),
  ];
  return parts.join(", ");
}
