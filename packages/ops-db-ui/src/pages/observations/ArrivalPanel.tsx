import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Problem } from "~/api/problem";
import { Panel } from "~/components/Panel";
import { grouped, withPrefix } from "~/components/quantity";
import { State } from "~/components/State";
import styles from "~/pages/observations/ArrivalPanel.module.css";
import type { Package, Progress } from "~/pages/observations/answers";
import { arrivalOf } from "~/pages/observations/arrival";

/** What arrived of an observation and where it stands: a sentence, then the way of its data in four steps. */
export function ArrivalPanel({
  of,
  packages = [],
}: {
  readonly of: UseQueryResult<Progress, Problem>;
  readonly packages?: readonly Package[] | undefined;
}) {
  return (
    <Panel title="What arrived, and where it is" of={of}>
      {(progress) => <Arrival of={progress} packages={packages} />}
    </Panel>
  );
}

function Arrival({ of, packages }: { readonly of: Progress; readonly packages: readonly Package[] }) {
  const { state, word, sentence } = arrivalOf(of, packages);
  return (
    <>
      <p className={styles.sentence}>
        <State of={state} word={word} /> <span>{sentence}</span>
      </p>
      <ol className={styles.steps}>
        <Step name="Filed" done={of.files} total={null} one="file">
          {withPrefix(of.bytes, "B")}; the number expected is unknown
        </Step>
        <Step
          name="Packaged"
          done={of.packages_sealed}
          total={of.packages}
          share={of.files === 0 ? 0 : of.files_packaged / of.files}
          one="package"
        >
          {packing(of)}
        </Step>
        <Step name="Archived" done={of.packages_archived} total={of.packages} one="package">
          {of.packages_failed > 0 ? `${grouped(of.packages_failed)} given up` : "verified in the archive"}
        </Step>
        <Step
          name="Removed at the source"
          done={of.packages_removed_at_source}
          total={of.packages}
          one="package"
        >
          {of.removed_at_source ? "after it was safe in the archive" : "only once it is safe in the archive"}
        </Step>
      </ol>
    </>
  );
}

function Step({
  name,
  done,
  total,
  one,
  share = 1,
  children,
}: {
  readonly name: string;
  readonly done: number;
  /** Null: not known. */
  readonly total: number | null;
  readonly one: string;
  /** How much of everything `total` stands for. */
  readonly share?: number;
  readonly children: ReactNode;
}) {
  const whole = total ?? done;
  const things = whole === 1 ? one : `${one}s`;
  const part = whole > 0 ? (done / whole) * share : 0;
  return (
    <li className={styles.step} data-done={part === 1}>
      <span className={styles.track} aria-hidden>
        <span className={styles.bar} style={{ inlineSize: `${100 * part}%` }} />
      </span>
      <span className={styles.name}>{name}</span>
      <span className={styles.figure}>
        {total === null || total === 0 ? grouped(done) : `${grouped(done)} of ${grouped(total)}`} {things}
      </span>
      <span className={styles.note}>{children}</span>
    </li>
  );
}

function packing(of: Progress): string {
  const loose = of.files - of.files_packaged;
  if (loose > 0) return `${grouped(loose)} ${loose === 1 ? "file" : "files"} in none yet`;
  return of.files === 0 ? "there is nothing to pack" : "every file is in one";
}
