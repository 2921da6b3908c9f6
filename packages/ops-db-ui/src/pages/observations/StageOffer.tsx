import { PackageOpen } from "lucide-react";
import { known, worded } from "~/api/words";
import { Button } from "~/components/Button";
import { Hint } from "~/components/Hint";
import type { ListedExecution } from "~/pages/observations/answers";
import styles from "~/pages/observations/StageOffer.module.css";
import { StageButton } from "~/pages/staging/StageButton";

type DataState = ListedExecution["data"]["state"];

/** Why the data of an observation cannot be staged yet; nothing of those that can. */
const NOT_YET: Readonly<Record<Exclude<DataState, "archived">, string>> = {
  no_files: "it has no data",
  being_filed: "once it has ended and is archived",
  on_the_way: "once it is archived",
  failed: "once it is archived",
};

/** Stages the data of an observation, or says why that cannot be done yet. */
export function StageOffer({
  id,
  title,
  state,
  kind,
}: {
  readonly id: string;
  readonly title: string;
  readonly state: DataState;
  /** The main button of its page, or one in a row of many. */
  readonly kind: "main" | "quiet";
}) {
  if (state === "archived") return <StageButton of={{ executionId: id, title }} kind={kind} />;
  const why = known(NOT_YET, state) ?? worded(state);
  // The same words on each row of a long list would hide those that differ.
  if (kind === "quiet") {
    return (
      <span className={styles.not}>
        <Hint lines={() => [["Stage", why]]}>{state === "no_files" ? "no data" : "not yet"}</Hint>
      </span>
    );
  }
  return (
    <span className={styles.not}>
      <Button disabled>
        <PackageOpen aria-hidden size={16} />
        Stage
      </Button>
      {why}
    </span>
  );
}
