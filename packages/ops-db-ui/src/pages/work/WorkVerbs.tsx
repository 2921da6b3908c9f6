import { ActionButton } from "~/actions/ActionButton";
import { callByPath } from "~/actions/call-by-path";
import { known } from "~/api/words";
import { SHOWS_WORK, workKind } from "~/pages/work/kinds";

const LABELS = { retry: "Retry", cancel: "Cancel" } as const;
const EFFECTS = {
  retry: "It is tried again at once.",
  cancel: "It stops, and stays stopped until somebody retries it.",
} as const;

/** Retry and cancel for one piece of work, as far as the API says that they are possible. */
export function WorkVerbs({
  collection,
  id,
  verbs,
  shown = null,
}: {
  readonly collection: string;
  readonly id: string;
  readonly verbs: readonly string[];
  /** What the page shows of it, where it has that as the API shows one piece of work. */
  readonly shown?: object | null;
}) {
  const kind = workKind(collection);
  if (kind === undefined) return null;
  const address = `/api/v1/${kind.collection}/${encodeURIComponent(id)}`;
  return verbs
    .filter(isVerb)
    .map((verb) => (
      <ActionButton
        key={verb}
        operation={kind[verb]}
        label={LABELS[verb]}
        title={`${LABELS[verb]} this ${kind.one.toLowerCase()}?`}
        effect={EFFECTS[verb]}
        reason={verb === "cancel" ? "required" : "optional"}
        kind={verb === "cancel" ? "quiet" : "plain"}
        thing={{ address, shown }}
        run={({ reason, ...given }) => callByPath("POST", `${address}:${verb}`, { reason }, given)}
        invalidates={SHOWS_WORK}
      />
    ));
}

/** Whether a verb is one that this version can say the effects of; another is not offered. */
function isVerb(verb: string): verb is keyof typeof LABELS {
  return known(LABELS, verb) !== undefined;
}
