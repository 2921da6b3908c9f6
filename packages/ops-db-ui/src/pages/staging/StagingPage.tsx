import { Link } from "@tanstack/react-router";
import buttonStyles from "~/components/Button.module.css";
import { Empty } from "~/components/Empty";
import { PageTitle } from "~/components/PageTitle";
import { ListView } from "~/lists/ListView";
import type { Preset } from "~/lists/presets";
import { COLUMNS } from "~/pages/staging/columns";

const PRESETS: readonly Preset[] = [
  { id: "all", label: "All", query: {} },
  { id: "mine", label: "Mine", query: { mine: "true" }, empty: <Empty title="You have staged nothing." /> },
  { id: "moving", label: "Being staged", query: { state: ["pending", "in_progress"] } },
  { id: "done", label: "Staged", query: { state: "completed" } },
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
        without={["mine"]}
        rowLink={({ id }) => ({ to: "/staging/$id", params: { id } })}
        opensBeside
        empty={
          <Empty title="Nothing was staged yet.">
            <p>
              Staging brings the data of an observation out of the archive into a folder of a processing
              location, where you can work with them. They are verified and unpacked there, and stay for 14
              days unless you ask for longer. The archive keeps its own.
            </p>
            <p>To begin, open an observation that is archived and press Stage.</p>
            <Link
              to="/observations"
              search={{ archived: "true" }}
              className={buttonStyles.button}
              data-kind="main"
            >
              Archived observations
            </Link>
          </Empty>
        }
      />
    </>
  );
}
