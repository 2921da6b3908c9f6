import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ActionButton } from "~/actions/ActionButton";
import { callByPath, operationOf } from "~/actions/call-by-path";
import button from "~/components/Button.module.css";
import type { Attention } from "~/pages/overview/answers";
import type { Cause } from "~/pages/overview/cause";
import { waysOf } from "~/pages/overview/subjects";
import { BulkVerb } from "~/pages/work/BulkVerb";
import { kindCount, SHOWS_WORK } from "~/pages/work/kinds";

/** What can be done about a card: first the page to look at, then the call that the API names. */
export function AttentionVerb({
  card,
  cause,
}: {
  readonly card: Attention;
  /** The error behind it; null: none; undefined: still asked. */
  readonly cause: Cause | null | undefined;
}) {
  const ways = waysOf(card, cause);
  return (
    <>
      {ways.map(({ label, link }, number) => (
        <Link
          key={label}
          {...link}
          className={number === 0 ? (button.button ?? "") : ""}
          data-kind={number === 0 && card.severity === "act" ? "main" : undefined}
          aria-label={`${label}: ${card.title}`}
        >
          {label}
        </Link>
      ))}
      {callOf(card)}
    </>
  );
}

function callOf(card: Attention): ReactNode {
  const { action } = card;
  if (action === null) return null;
  const { verb, collection, id } = action;
  if (id === null) {
    const isOfWork = collection === "open-work" && (verb === "retry" || verb === "cancel");
    if (!isOfWork || action.filter === null) return null;
    const what = action.filter.kind === undefined ? null : kindCount(action.filter.kind, card.count);
    return <BulkVerb verb={verb} count={card.count} what={what} where={action.filter} />;
  }
  const address = `/api/v1/${collection}/${encodeURIComponent(id)}`;
  const path = `${address}:${verb}`;
  const operation = operationOf("POST", path);
  if (operation === null) return null;
  return (
    <ActionButton
      operation={operation}
      label={labelOf(verb, card)}
      title={`${labelOf(verb, card)}?`}
      effect={card.remedy}
      reason="optional"
      kind="plain"
      {...(operationOf("GET", address) === null ? {} : { thing: { address, shown: null } })}
      run={({ reason, ...given }) => callByPath("POST", path, { reason }, given)}
      invalidates={[...SHOWS_WORK, "/api/v1/data-locations/{name}", "/api/v1/errors"]}
    />
  );
}

function labelOf(verb: string, card: Attention): string {
  const word = verb.charAt(0).toUpperCase() + verb.slice(1).replaceAll("-", " ");
  return card.action !== null && card.where === card.action.id ? `${word} ${card.where}` : word;
}
