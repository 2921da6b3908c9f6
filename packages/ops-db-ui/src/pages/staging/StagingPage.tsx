import { Link } from "@tanstack/react-router";
import { Empty } from "~/components/Empty";
import { PageTitle } from "~/components/PageTitle";
import { ListView } from "~/lists/ListView";
import { COLUMNS } from "~/pages/staging/columns";

const PRESETS = [
  { id: "all", label: "All", query: {} },
  { id: "mine", label: "Mine", query: { mine: "true" } },
  { id: "moving", label: "On the way", query: { state: "in_progress" } },
  { id: "done", label: "There", query: { state: "completed" } },
  { id: "failed", label: "Failed", query: { state: "failed" } },
];

/** What was asked for at processing locations: whether it is there, how far it is, until when it stays. */
export function StagingPage() {
  return (
    <>
      <PageTitle>Staging</PageTitle>
      <ListView
        operation="list_staging_jobs"
        path="/api/v1/staging-jobs"
        label="Staging jobs"
        columns={COLUMNS}
        presets={PRESETS}
        rowLink={({ id }) => ({ to: "/staging/$id", params: { id } })}
        empty={
          <Empty title="Nothing was staged yet.">
            <p>
              Open an <Link to="/observations">observation</Link> and choose <em>Stage</em>: its data are
              brought to a processing location, verified and unpacked.
            </p>
          </Empty>
        }
      />
    </>
  );
}
