import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Problem } from "~/api/problem";
import { useWaitingReasons } from "~/api/waiting-reasons";
import { worded } from "~/api/words";
import { Panel } from "~/components/Panel";
import { grouped, withPrefix } from "~/components/quantity";
import { State } from "~/components/State";
import styles from "~/pages/observations/ArrivalPanel.module.css";
import type { Package, Progress } from "~/pages/observations/answers";
import { arrivalOf, placesOf } from "~/pages/observations/arrival";

/** What arrived of an observation and whether it is safe: a sentence, then the way of its files in four steps. */
export function ArrivalPanel({
  of,
  packages = [],
}: {
  readonly of: UseQueryResult<Progress, Problem>;
  readonly packages?: readonly Package[] | undefined;
}) {
  return (
    <Panel title="Did the files arrive, and are they safe?" of={of}>
      {(progress) => <Arrival of={progress} packages={packages} />}
    </Panel>
  );
}

function Arrival({ of, packages }: { readonly of: Progress; readonly packages: readonly Package[] }) {
  const reasons = useWaitingReasons();
  const { state, word, sentence } = arrivalOf(
    of,
    packages,
    (code) => reasons.get(code)?.text ?? worded(code),
  );
  return (
    <>
      <p className={styles.sentence}>
        <State of={state} word={word} /> <span>{sentence}</span>{" "}
        {of.needs_somebody && of.failed.length === 0 && <Link to="/errors">Open errors</Link>}
      </p>
      <ol className={styles.steps}>
        <Step name="Arrived" done={of.files} total={null}>
          {withPrefix(of.bytes, "B")}; the instrument does not say how many there should be
        </Step>
        <Step name="Packed" done={of.files_sealed} total={of.files}>
          {packing(of)}
        </Step>
        <Step name="Safe in archives" done={of.files_archived} total={of.files}>
          {archiving(of, packages)}
        </Step>
        <Step name="Removed at the source" done={of.files_removed_at_source} total={of.files}>
          {removing(of)}
        </Step>
      </ol>
    </>
  );
}

function Step({
  name,
  done,
  total,
  children,
}: {
  readonly name: string;
  readonly done: number;
  /** Null: not known. */
  readonly total: number | null;
  readonly children: ReactNode;
}) {
  const whole = total ?? done;
  const part = whole > 0 ? done / whole : 0;
  const things = whole === 1 ? "file" : "files";
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
  if (of.files === 0) return "there is nothing to pack";
  if (of.packages === 0) return "in no package yet";
  const packages = `${grouped(of.packages)} ${of.packages === 1 ? "package" : "packages"}`;
  if (of.failed.some(({ subject_type }) => subject_type === "package_creation"))
    return "packing was given up";
  const unsealed = of.packages - of.packages_sealed;
  if (unsealed === 0) return `in ${packages}`;
  return of.packages === 1
    ? "its package is not made yet"
    : `${grouped(unsealed)} of ${packages} not made yet`;
}

function removing(of: Progress): string {
  if (of.files > 0 && of.removed_at_source) return "the archives have them";
  // What an archive lost afterwards was safe when it was removed.
  return of.files_removed_at_source > of.files_archived
    ? "they were safe when they were removed"
    : "kept there until they are safe";
}

/** In which archives the files are; for those that are in none, where they are until then. */
function archiving(of: Progress, packages: readonly Package[]): string {
  if (of.files === 0) return "there is nothing to keep";
  if (of.archived) return archivesOf(packages).join(", ") || "verified there";
  const places = placesOf(packages);
  if (places.length === 0) return "until then at their source";
  return of.files_archived === 0
    ? `until then at ${places.join(", ")}`
    : `the others at ${places.join(", ")}`;
}

function archivesOf(packages: readonly Package[]): readonly string[] {
  const copies = packages.flatMap((one) => one.copies);
  const archives = copies.filter(
    (one) => one.location_type === "long_term_archive" && one.status === "verified",
  );
  return [...new Set(archives.map(({ location }) => location))].toSorted();
}
