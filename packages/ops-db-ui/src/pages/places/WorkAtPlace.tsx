import type { components } from "~/api/schema.gen";
import { Empty } from "~/components/Empty";
import page from "~/components/Page.module.css";
import { Progress } from "~/components/Progress";
import { State } from "~/components/State";
import { SubjectLink } from "~/components/SubjectLink";
import { Why } from "~/components/Why";
import type { Column } from "~/lists/columns";
import { ListView } from "~/lists/ListView";

type Row = components["schemas"]["OpenWorkRow"];

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "kind",
    header: "Work",
    card: "title",
    cell: ({ kind, package_id }) =>
      package_id === null ? (
        kind.replaceAll("_", " ")
      ) : (
        <SubjectLink type="raw_data_package" id={package_id}>
          {kind.replaceAll("_", " ")}
        </SubjectLink>
      ),
  },
  { id: "way", header: "From → to", cell: ({ from, to }) => [from, to].filter(Boolean).join(" → ") },
  {
    id: "status",
    header: "State",
    card: "state",
    cell: ({ status }) => status !== null && <State of={status} />,
  },
  {
    id: "why",
    header: "Why",
    card: "why",
    cell: ({ reason, detail, since, next_at, id }) => (
      <Why reason={reason} detail={detail} since={since} nextAt={next_at} subject={id} />
    ),
  },
  {
    id: "bytes",
    header: "Bytes",
    cell: ({ bytes_done, bytes_total }) =>
      bytes_done !== null && <Progress done={bytes_done} total={bytes_total} label="" unit="bytes" />,
  },
];

/** What goes into a place and out of it, and what waits to. */
export function WorkAtPlace({ name }: { readonly name: string }) {
  return (
    <section className={page.stack} aria-label="Open work here">
      <h2>Open work here</h2>
      <ListView
        operation="list_open_work"
        path="/api/v1/open-work"
        label="Open work here"
        columns={COLUMNS}
        bare
        fixed={{ place: name }}
        rowId={({ kind, id }) => `${kind} ${id}`}
        empty={<Empty title="Nothing goes in or out at the moment, and nothing waits to." />}
      />
    </section>
  );
}
