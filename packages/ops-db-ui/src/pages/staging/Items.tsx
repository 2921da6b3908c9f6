import { Link } from "@tanstack/react-router";
import { Progress } from "~/components/Progress";
import { Bytes } from "~/components/Quantity";
import { State } from "~/components/State";
import { Why } from "~/components/Why";
import type { Column } from "~/lists/columns";
import { DataTable } from "~/lists/DataTable";
import type { Item } from "~/pages/staging/answers";
import { reasonOf } from "~/pages/staging/job";
import { nameOf } from "~/pages/staging/what";

const COLUMNS: readonly Column<Item>[] = [
  {
    id: "what",
    header: "Package",
    card: "title",
    cell: (item) => (
      <Link to="/packages/$id" params={{ id: item.package_id }}>
        {nameOf(item)}
      </Link>
    ),
  },
  { id: "state", header: "State", card: "state", cell: (item) => <ItemState of={item} /> },
  { id: "progress", header: "Progress", card: "time", cell: (item) => <Size of={item} /> },
  { id: "why", header: "Why", card: "why", cell: (item) => <WhyOfItem of={item} /> },
];

/** The packages of a staging job, each with how far it is and why it does not go on. */
export function Items({ items }: { readonly items: readonly Item[] }) {
  const isHeldUp = items.some((item) => reasonOf(item) !== null);
  const columns = isHeldUp ? COLUMNS : COLUMNS.filter(({ id }) => id !== "why");
  return <DataTable label="Packages of this job" rows={items} columns={columns} />;
}

/** What is on its way but waits is not moving. */
function ItemState({ of: item }: { readonly of: Item }) {
  if (item.status === "completed") return <State of="completed" word="there" />;
  if (item.status === "failed") return <State of="failed" word="given up" />;
  if (item.status === "cancelled") return <State of="cancelled" />;
  if (item.status === "in_progress") return <State of="in_progress" word="on the way" />;
  return <State of="waiting" word={item.waiting_reason === null ? "queued" : "waits"} />;
}

function Size({ of: item }: { readonly of: Item }) {
  if (["completed", "failed", "cancelled"].includes(item.status)) return <Bytes value={item.bytes_total} />;
  return <Progress done={item.bytes_done} total={item.bytes_total} label="staged" unit="bytes" />;
}

function WhyOfItem({ of: item }: { readonly of: Item }) {
  if (item.status === "completed") return null;
  return (
    <Why
      reason={reasonOf(item)}
      detail={item.error_message ?? item.waiting_detail}
      since={null}
      subject={item.id}
    />
  );
}
