import type { Answer } from "~/api/get";
import { Empty } from "~/components/Empty";
import { Progress } from "~/components/Progress";
import { Bytes, Count, Rate } from "~/components/Quantity";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { Why } from "~/components/Why";
import type { Column, RowLink } from "~/lists/columns";
import { ListView } from "~/lists/ListView";
import type { Query } from "~/lists/pages";
import { kindWord, workKind } from "~/pages/work/kinds";
import styles from "~/pages/work/OpenWorkRows.module.css";
import { PackageOf } from "~/pages/work/PackageOf";
import { TickedVerbs } from "~/pages/work/TickedVerbs";
import { WorkVerbs } from "~/pages/work/WorkVerbs";

/** A piece of open work, of any kind. */
export type OpenWork = Answer<"/api/v1/open-work">["items"][number];
type Row = OpenWork;

/** The rows of open work that some filters leave, the longest waiting first unless the filters say otherwise. */
export function OpenWorkRows({ query }: { readonly query: Query }) {
  return (
    <ListView
      operation="list_open_work"
      path="/api/v1/open-work"
      label="Open work"
      columns={COLUMNS}
      rowLink={linkOf}
      opensBeside
      fixed={query}
      bare
      verbs={(rows) => <TickedVerbs rows={rows} />}
      empty={<Empty title="Nothing is left here." />}
    />
  );
}

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "what",
    header: "What",
    card: "title",
    cell: (row) => <PackageOf work={row} otherwise={row.module ?? row.id} />,
  },
  {
    id: "observed",
    header: "Observed",
    card: "time",
    cell: (row) => row.observed_at !== null && <Time at={row.observed_at} />,
  },
  {
    id: "kind",
    header: "Kind, from → to",
    card: "fold",
    cell: (row) => (
      <>
        {kindWord(row.kind)}
        <span className={styles.second}>{wayOf(row)}</span>
      </>
    ),
  },
  {
    id: "status",
    header: "Status",
    card: "state",
    cell: (row) => (
      <>
        <State of={row.status} />
        {row.attempt > 0 && (
          <span className={styles.second}>
            <Count value={row.attempt} one="failed attempt" />
          </span>
        )}
      </>
    ),
  },
  {
    id: "why",
    header: "Why",
    card: "why",
    cell: (row) => (
      <Why
        reason={row.reason}
        detail={row.detail}
        since={row.since}
        nextAt={row.next_at}
        turn={row.turn}
        where={[row.route ?? row.place]}
        subject={row.subject}
      />
    ),
  },
  {
    id: "progress",
    header: "Bytes",
    align: "end",
    cell: (row) =>
      row.status === "in_progress" ? (
        <>
          <Progress done={row.bytes_done ?? 0} total={row.bytes_total} label="done" unit="bytes" />
          {row.bytes_per_second !== null && (
            <span className={styles.second}>
              <Rate value={row.bytes_per_second} />
            </span>
          )}
        </>
      ) : (
        row.bytes_total !== null && <Bytes value={row.bytes_total} />
      ),
  },
  {
    id: "verbs",
    header: "Actions",
    align: "end",
    cell: (row) => <WorkVerbs collection={row.collection} id={row.id} verbs={row.actions} />,
  },
];

function wayOf(row: Row): string {
  if (row.from !== null && row.to !== null) return `${row.from} → ${row.to}`;
  return row.to ?? row.from ?? row.place ?? row.site;
}

const linkOf: RowLink<Row> = (row) => {
  const kind = workKind(row.collection);
  if (kind !== undefined) return { to: "/work/$kind/$id", params: { kind: kind.collection, id: row.id } };
  if (row.package_id !== null) return { to: "/packages/$id", params: { id: row.package_id } };
  return { to: "/observations/$id", params: { id: row.execution_id ?? row.subject } };
};
