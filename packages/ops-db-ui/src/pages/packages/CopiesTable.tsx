import { Link } from "@tanstack/react-router";
import { ActionButton } from "~/actions/ActionButton";
import { api } from "~/api/client";
import type { components } from "~/api/schema.gen";
import { Empty } from "~/components/Empty";
import { Bytes } from "~/components/Quantity";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { Why } from "~/components/Why";
import type { Column } from "~/lists/columns";
import { DataTable } from "~/lists/DataTable";

type Package = components["schemas"]["Package"];
type Copy = Package["copies"][number];

const GONE: readonly Copy["status"][] = ["deleted", "deletion_in_progress", "missing"];

const COLUMNS: readonly Column<Copy>[] = [
  {
    id: "location",
    header: "Place",
    card: "title",
    cell: ({ location }) => (
      <Link to="/places/locations/$name" params={{ name: location }}>
        {location}
      </Link>
    ),
  },
  { id: "type", header: "Kind", cell: ({ location_type }) => location_type.replaceAll("_", " ") },
  { id: "status", header: "State", card: "state", cell: ({ status }) => <State of={status} /> },
  { id: "verified", header: "Verified", card: "time", cell: ({ verified_at }) => <Time at={verified_at} /> },
  { id: "size", header: "Size", align: "end", cell: ({ size }) => <Bytes value={size} /> },
  {
    id: "why",
    header: "Why it stays",
    card: "why",
    cell: (copy) => (
      <Why reason={copy.waiting_reason} detail={copy.waiting_detail} since={null} subject={copy.id} />
    ),
  },
  { id: "act", header: "Act", cell: (copy) => <Verify copy={copy} /> },
];

/** The copies of a package: where, in what state, when last verified. */
export function CopiesTable({ of: data }: { readonly of: Package }) {
  if (data.copies.length === 0) {
    return (
      <Empty title="There is no copy yet.">
        <p>The tar is made at the source first; the copies of a package begin there.</p>
      </Empty>
    );
  }
  return <DataTable label="Copies" rows={data.copies} columns={COLUMNS} />;
}

function Verify({ copy }: { readonly copy: Copy }) {
  const isGone = GONE.includes(copy.status);
  return (
    <ActionButton
      operation="verify_physical_copy"
      label="Verify"
      title={`Verify the copy at ${copy.location}?`}
      reason="none"
      impossible={isGone ? `This copy is ${copy.status.replaceAll("_", " ")}.` : null}
      effect={
        <p>
          All <Bytes value={copy.size} /> are read at {copy.location} and compared with the checksum.
        </p>
      }
      run={({ idempotencyKey }) =>
        api.POST("/api/v1/physical-copies/{copy_id}:verify", {
          params: { path: { copy_id: copy.id }, header: { "idempotency-key": idempotencyKey } },
        })
      }
      invalidates={[
        "/api/v1/raw-data-packages/{package_id}",
        "/api/v1/raw-data-packages/{package_id}/life-line",
      ]}
    />
  );
}
