import { Link } from "@tanstack/react-router";
import { ActionButton } from "~/actions/ActionButton";
import { callByPath, operationOf } from "~/actions/call-by-path";
import button from "~/components/Button.module.css";
import type { Attention } from "~/pages/overview/answers";
import { wayTo } from "~/pages/overview/subjects";
import { SHOWS_WORK } from "~/pages/work/kinds";

/** The one thing to do about a card: the call that the API names, or the way to what it is about. */
export function AttentionVerb({ card }: { readonly card: Attention }) {
  const { action } = card;
  const way = wayTo(card);
  const path =
    action === null
      ? ""
      : `/api/v1/${action.collection}${action.id === null ? "" : `/${action.id}`}:${action.verb}`;
  const operation = action === null ? null : operationOf("POST", path);
  return (
    <>
      {action !== null && operation !== null && (
        <ActionButton
          operation={operation}
          label={labelOf(action.verb, card)}
          title={`${labelOf(action.verb, card)}?`}
          effect={card.remedy}
          reason="optional"
          kind="main"
          run={({ reason, idempotencyKey }) => callByPath("POST", path, { reason }, idempotencyKey)}
          invalidates={[...SHOWS_WORK, "/api/v1/data-locations/{name}", "/api/v1/errors"]}
        />
      )}
      {way !== null && (
        <Link
          {...way.link}
          className={operation === null ? (button.button ?? "") : ""}
          data-kind={operation === null ? "main" : undefined}
        >
          {way.label}
        </Link>
      )}
    </>
  );
}

function labelOf(verb: string, card: Attention): string {
  const word = verb.charAt(0).toUpperCase() + verb.slice(1).replaceAll("-", " ");
  if (card.action?.id != null && card.where === card.action.id) return `${word} ${card.where}`;
  return card.count > 1 ? `${word} ${card.count}` : word;
}
