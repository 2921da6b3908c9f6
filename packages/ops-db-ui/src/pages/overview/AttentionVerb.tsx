import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ActionButton } from "~/actions/ActionButton";
import { callByPath, operationOf } from "~/actions/call-by-path";
import button from "~/components/Button.module.css";
import type { Attention } from "~/pages/overview/answers";
import { wayTo } from "~/pages/overview/subjects";
import { BulkVerb } from "~/pages/work/BulkVerb";
import { SHOWS_WORK } from "~/pages/work/kinds";

/** The one thing to do about a card: the call that the API names, or the way to what it is about. */
export function AttentionVerb({ card }: { readonly card: Attention }) {
  const call = callOf(card);
  const way = wayTo(card);
  return (
    <>
      {call}
      {way !== null && (
        <Link
          {...way.link}
          className={call === null ? (button.button ?? "") : ""}
          data-kind={call === null ? "main" : undefined}
        >
          {way.label}
        </Link>
      )}
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
    return <BulkVerb verb={verb} count={card.count} where={action.filter} kind="main" />;
  }
  const path = `/api/v1/${collection}/${id}:${verb}`;
  const operation = operationOf("POST", path);
  if (operation === null) return null;
  return (
    <ActionButton
      operation={operation}
      label={labelOf(verb, card)}
      title={`${labelOf(verb, card)}?`}
      effect={card.remedy}
      reason="optional"
      kind="main"
      run={({ reason, idempotencyKey }) => callByPath("POST", path, { reason }, idempotencyKey)}
      invalidates={[...SHOWS_WORK, "/api/v1/data-locations/{name}", "/api/v1/errors"]}
    />
  );
}

function labelOf(verb: string, card: Attention): string {
  const word = verb.charAt(0).toUpperCase() + verb.slice(1).replaceAll("-", " ");
  return card.action !== null && card.where === card.action.id ? `${word} ${card.where}` : word;
}
