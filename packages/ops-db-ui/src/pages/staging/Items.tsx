import { Link } from "@tanstack/react-router";
import { Progress } from "~/components/Progress";
import { State } from "~/components/State";
import { Why } from "~/components/Why";
import type { Column } from "~/lists/columns";
import { DataTable } from "~/lists/DataTable";
import type { Item } from "~/pages/staging/answers";

const COLUMNS: readonly Column<Item>[] = [
  {
    id: "what",
    header: "Package",
    card: "title",
    cell: ({ package_id, file_id }) => (
      <Link to="/packages/$id" params={{ id: package_id }}>
        {file_id === null ? "package" : "file of package"} …{package_id.slice(-8)}
      </Link>
    ),
  },
  { id: "state", header: "State", card: "state", cell: ({ status }) => <State of={status} /> },
  {
    id: "why",
    header: "Why",
    card: "why",
    cell: (item) =>
      item.status === "completed" ? null : (
        <Why
          reason={item.status === "failed" ? "given_up" : item.waiting_reason}
          detail={item.error_message ?? item.waiting_detail}
          since={null}
          subject={item.id}
        />
      ),
  },
  {
    id: "progress",
    header: "Progress",
    card: "fold",
    cell: (item) => <Progress done={item.bytes_done} total={item.bytes_total} label="staged" unit="bytes" />,
  },
];

/** The packages of a staging job, each with how far it is and why it does not go on. */
export function Items({ items }: { readonly items: readonly Item[] }) {
  return <DataTable label="Packages of this job" rows={items} columns={COLUMNS} />;
}
