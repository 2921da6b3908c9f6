import { operations } from "~/api/operations.gen";
import { Empty } from "~/components/Empty";
import { NotFound } from "~/components/NotFound";
import { PageTitle } from "~/components/PageTitle";
import { Bytes } from "~/components/Quantity";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import type { Column } from "~/lists/columns";
import { ListView } from "~/lists/ListView";
import type { Preset } from "~/lists/presets";
import { workKind } from "~/pages/work/kinds";
import { PackageOf } from "~/pages/work/PackageOf";
import { KindTabs, WorkTabs } from "~/pages/work/WorkTabs";
import { WorkVerbs } from "~/pages/work/WorkVerbs";
import { isStopped, type WorkRow, wayOf } from "~/pages/work/work-rows";
import { span } from "~/time/format";

/** Work of one kind that has ended, the last to end first. */
export function EndedWorkPage({ collection }: { readonly collection: string }) {
  const kind = workKind(collection);
  if (kind === undefined) return <NotFound missed={{ kind: "kind of work", id: collection }} list="work" />;
  const path = `/api/v1/${kind.collection}` as const;
  return (
    <>
      <PageTitle title={`Ended: ${kind.many.toLowerCase()}`} beside={<WorkTabs />}>
        Work
      </PageTitle>
      <KindTabs />
      <ListView
        key={kind.collection}
        operation={kind.list}
        path={path}
        label={kind.many}
        columns={columnsOf(kind.collection)}
        presets={PRESETS}
        empty={
          <Empty title="None has ended yet.">
            <p>They appear here when they are completed, given up or cancelled.</p>
          </Empty>
        }
        rowLink={(row) => ({ to: "/work/$kind/$id", params: { kind: kind.collection, id: row.id } })}
        opensBeside
      />
    </>
  );
}

const PRESETS: readonly Preset[] = [
  { id: "completed", label: "Completed", query: { status: "completed" } },
  { id: "given-up", label: "Given up", query: { status: "failed" } },
  { id: "cancelled", label: "Cancelled", query: { status: "cancelled" } },
];

function columnsOf(collection: string): readonly Column<WorkRow>[] {
  return [
    {
      id: "what",
      header: "What",
      card: "title",
      cell: (row) => <PackageOf work={row} otherwise={wayOf(row)} />,
    },
    {
      id: "observed",
      header: "Observed",
      wide: true,
      cell: (row) => row.observed_at !== null && <Time at={row.observed_at} />,
    },
    { id: "way", header: "From → to", card: "fold", cell: wayOf },
    { id: "status", header: "Status", card: "state", cell: (row) => <State of={row.status} /> },
    {
      id: "ended",
      header: "Ended",
      card: "time",
      ...(SORTED_BY_END ? { sort: "finished_at" } : {}),
      cell: (row) => <Time at={row.finished_at} />,
    },
    { id: "took", header: "Took", align: "end", cell: tookOf },
    { id: "bytes", header: "Bytes", align: "end", cell: (row) => <Bytes value={row.bytes_total} /> },
    { id: "attempt", header: "Failed attempts", align: "end", wide: true, cell: (row) => row.attempt },
    { id: "error", header: "Error", card: "why", cell: (row) => row.error_message },
    {
      id: "verbs",
      header: "Actions",
      align: "end",
      cell: (row) =>
        isStopped(row) && <WorkVerbs collection={collection} id={row.id} verbs={["retry"]} shown={row} />,
    },
  ];
}

const SORTED_BY_END = (operations.list_data_transfers.sorts as readonly string[]).includes("-finished_at");

function tookOf(row: WorkRow): string | null {
  if (row.started_at === null || row.finished_at === null) return null;
  return span(Date.parse(row.finished_at) - Date.parse(row.started_at));
}
