import { Link } from "@tanstack/react-router";
import { Progress } from "~/components/Progress";
import { Bytes } from "~/components/Quantity";
import { State } from "~/components/State";
import { Why } from "~/components/Why";
import type { Column } from "~/lists/columns";
import { DataTable } from "~/lists/DataTable";
import type { Item } from "~/pages/staging/answers";
import { endOf } from "~/pages/staging/what";

const COLUMNS: readonly Column<Item>[] = [
  {
    id: "what",
    header: "Package",
    card: "title",
    cell: ({ package_id, file_id }) => (
      <Link to="/packages/$id" params={{ id: package_id }}>
        {file_id === null ? "package" : "file of package"} {endOf(package_id)}
      </Link>
    ),
  },
  { id: "state", header: "State", card: "state", cell: ({ status }) => <State of={status} /> },
  { id: "progress", header: "Progress", card: "time", cell: (item) => <Size of={item} /> },
  { id: "why", header: "Why", card: "why", cell: (item) => <WhyOfItem of={item} /> },
];

/** The packages of a staging job, each with how far it is and why it does not go on. */
export function Items({ items }: { readonly items: readonly Item[] }) {
  return <DataTable label="Packages of this job" rows={items} columns={COLUMNS} />;
}

function Size({ of: item }: { readonly of: Item }) {
  if (item.status === "completed" || item.status === "failed") return <Bytes value={item.bytes_total} />;
  return <Progress done={item.bytes_done} total={item.bytes_total} label="staged" unit="bytes" />;
}

function WhyOfItem({ of: item }: { readonly of: Item }) {
  if (item.status === "completed") return null;
  return (
    <Why
      reason={item.status === "failed" ? "given_up" : item.waiting_reason}
      detail={item.error_message ?? item.waiting_detail}
      since={null}
      subject={item.id}
    />
  );
}
