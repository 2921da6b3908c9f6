import { useWaitingReasons } from "~/api/waiting-reasons";
import { known, worded } from "~/api/words";
import { grouped } from "~/components/quantity";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { WhyButton } from "~/components/Why";
import type { ListedExecution } from "~/pages/observations/answers";
import styles from "~/pages/observations/DataStanding.module.css";
import { isHeldUp } from "~/pages/observations/moves";

type Data = ListedExecution["data"];

/** The look and the words of each state of an observation's data. */
const STATES: Readonly<Record<Data["state"], readonly [look: string, word: string]>> = {
  archived: ["archived", "archived"],
  on_the_way: ["transferring", "on the way"],
  being_filed: ["running", "being filed"],
  failed: ["failed", "needs somebody"],
  no_files: ["watch", "no files"],
};

/** Where the data of an observation stand: how many packages are not archived yet, and why. */
export function DataStanding({ of: data, id }: { readonly of: Data; readonly id: string }) {
  const reasons = useWaitingReasons();
  const reason = reasonOf(data);
  const turn = reason === null ? undefined : reasons.get(reason)?.turn;
  const look = turn === "operator" || turn === "site" ? "watch" : "waiting";
  const [tone, word] =
    data.state === "on_the_way" && reason !== null
      ? ([look, "waits"] as const)
      : (known(STATES, data.state) ?? [data.state, worded(data.state)]);
  const rest = restOf(data);
  const text = reason === null ? null : (reasons.get(reason)?.text ?? worded(reason));
  return (
    <span className={styles.standing}>
      <span className={styles.head}>
        <State of={tone} word={word} />
        {reason !== null && data.reason_since !== null && (
          <span className={styles.rest}>
            for <Time at={data.reason_since} as="lasting" />
          </span>
        )}
      </span>
      {text !== null && <WhyButton subject={id} title={`Why: ${text}`} text={text} />}
      {rest !== null && <span className={styles.rest}>{rest}</span>}
    </span>
  );
}

/** Return what holds the data up; null where they move, or come as the observation goes on. */
function reasonOf({ state, reason }: Data): string | null {
  const mayWait = state === "on_the_way" || state === "failed";
  return mayWait && isHeldUp(reason) ? reason : null;
}

/** Return how much of the data is archived, in few words; null where everything or nothing is. */
export function restOf({ state, packages, files_unpackaged: loose }: Data): string | null {
  if (state === "archived" || state === "no_files") return null;
  const all = packages.archived + packages.failed + packages.transferring + packages.waiting;
  const parts: readonly (readonly [number, string])[] = [
    [packages.archived, `of ${grouped(all)} packages archived`],
    [all > 1 ? packages.failed : 0, "given up"],
    [loose, loose === 1 ? "file not packed" : "files not packed"],
  ];
  const said = parts.filter(([count]) => count > 0).map(([count, text]) => `${grouped(count)} ${text}`);
  return said.length === 0 ? null : said.join(", ");
}
