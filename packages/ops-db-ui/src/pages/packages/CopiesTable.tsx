import { Link } from "@tanstack/react-router";
import { ActionButton } from "~/actions/ActionButton";
import { api } from "~/api/client";
import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { worded } from "~/api/words";
import { Empty } from "~/components/Empty";
import page from "~/components/Page.module.css";
import { Bytes } from "~/components/Quantity";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { Why } from "~/components/Why";
import type { Column } from "~/lists/columns";
import { DataTable } from "~/lists/DataTable";
import { GONE, notPackedYet } from "~/pages/packages/whereabouts";

const MOST_PLACES = 200;

type Package = components["schemas"]["Package"];
type Copy = Package["copies"][number];

const WHY = "why";

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
  { id: "status", header: "State", card: "state", cell: (copy) => <CopyState of={copy} /> },
  {
    id: "verified",
    header: "Last verified",
    card: "time",
    cell: ({ verified_at }) => <Time at={verified_at} />,
  },
  { id: "size", header: "Size", align: "end", cell: ({ size }) => <Bytes value={size} /> },
  {
    id: WHY,
    header: "Why it is not deleted",
    card: "why",
    cell: (copy) => (
      <Why reason={copy.waiting_reason} detail={copy.waiting_detail} since={null} subject={copy.id} />
    ),
  },
  {
    id: "act",
    header: "Read it again",
    cell: (copy) => !GONE.includes(copy.status) && <Verify copy={copy} />,
  },
];

/** The copies of a package: where, in what state, when last verified. */
export function CopiesTable({ of: data }: { readonly of: Package }) {
  if (data.copies.length === 0) {
    return (
      <Empty title={data.sealed_at === null ? notPackedYet(data) : "No copy of the package is known."}>
        {data.sealed_at === null && (
          <p>They are packed into one file, which is then copied to the archives.</p>
        )}
      </Empty>
    );
  }
  // What is there comes before what was deleted.
  const rows = [...data.copies].sort(
    (one, other) => Number(GONE.includes(one.status)) - Number(GONE.includes(other.status)),
  );
  const waits = rows.some(({ waiting_reason }) => waiting_reason !== null);
  const columns = waits ? COLUMNS : COLUMNS.filter(({ id }) => id !== WHY);
  return <DataTable label="Copies" rows={rows} columns={columns} />;
}

/** The state of a copy, and whether its place is in service. */
function CopyState({ of: copy }: { readonly of: Copy }) {
  const places = useGet("/api/v1/data-locations", { params: { query: { limit: MOST_PLACES } } });
  const service = places.data?.items.find(({ id }) => id === copy.location)?.service.state;
  const isAway = service !== undefined && service !== "in_service" && !GONE.includes(copy.status);
  return (
    <span className={page.row}>
      {copy.status === "present" ? (
        <State of="waiting" word="not verified yet" />
      ) : (
        <State of={copy.status} />
      )}
      {isAway && <State of={service} word={`its place is ${worded(service)}`} />}
    </span>
  );
}

function Verify({ copy }: { readonly copy: Copy }) {
  return (
    <ActionButton
      operation="verify_physical_copy"
      label="Verify"
      title={`Verify the copy at ${copy.location}?`}
      reason="none"
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
