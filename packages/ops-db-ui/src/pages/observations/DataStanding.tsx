import { grouped } from "~/components/quantity";
import { State } from "~/components/State";
import { WhyButton } from "~/components/Why";
import type { ListedExecution } from "~/pages/observations/answers";
import styles from "~/pages/observations/DataStanding.module.css";

type Data = ListedExecution["data"];

/** The look and the words of each state of an observation's data. */
const STATES: Readonly<Record<Data["state"], readonly [look: string, word: string]>> = {
  archived: ["archived", "archived"],
  on_the_way: ["transferring", "on the way"],
  being_filed: ["running", "being filed"],
  failed: ["failed", "needs somebody"],
  no_files: ["watch", "no files"],
};

/** Where the data of an observation stand, with the packages that are not archived yet. */
export function DataStanding({ of: data, id }: { readonly of: Data; readonly id: string }) {
  const [look, word] = isHeldUp(data) ? (["waiting", "waits"] as const) : STATES[data.state];
  const rest = restOf(data);
  return (
    <span className={styles.standing}>
      <State of={look} word={word} />
      {rest !== null && <span className={styles.rest}>{rest}</span>}
      {(data.state === "failed" || data.state === "on_the_way") && (
        <WhyButton subject={id} title="Why the data are not archived" />
      )}
    </span>
  );
}

/** Whether all that is on the way waits. */
function isHeldUp({ state, packages, files_unpackaged }: Data): boolean {
  return (
    state === "on_the_way" && packages.waiting > 0 && packages.transferring === 0 && files_unpackaged === 0
  );
}

/** Return what is not archived, in few words; null where everything is or nothing was filed. */
export function restOf({ state, packages, files_unpackaged: loose }: Data): string | null {
  if (state === "archived" || state === "no_files") return null;
  const all = packages.archived + packages.failed + packages.transferring + packages.waiting;
  const parts: readonly (readonly [number, string])[] = [
    [packages.archived, `of ${grouped(all)} archived`],
    [packages.failed, "given up"],
    [packages.transferring, "moving"],
    [packages.waiting, "waiting"],
    [loose, loose === 1 ? "file not packed" : "files not packed"],
  ];
  const said = parts.filter(([count]) => count > 0).map(([count, text]) => `${grouped(count)} ${text}`);
  return said.length === 0 ? null : said.join(", ");
}
