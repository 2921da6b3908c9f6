import { Link } from "@tanstack/react-router";
import { CopyAs } from "~/components/CopyAs";
import { Empty } from "~/components/Empty";
import { PageTitle } from "~/components/PageTitle";
import { Progress } from "~/components/Progress";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import type { Column } from "~/lists/columns";
import { ListView } from "~/lists/ListView";
import type { Job } from "~/pages/staging/answers";
import { Folder } from "~/pages/staging/Folder";
import { Kept } from "~/pages/staging/Kept";
import { WhyOfJob } from "~/pages/staging/WhyOfJob";
import { whatOf } from "~/pages/staging/what";

const COLUMNS: readonly Column<Job>[] = [
  { id: "what", header: "Data", card: "title", cell: whatOf },
  { id: "state", header: "State", card: "state", cell: ({ state }) => <State of={state} /> },
  { id: "why", header: "Why", card: "why", cell: (job) => <WhyOfJob of={job} /> },
  { id: "to", header: "To", card: "fold", cell: ({ destination_location }) => destination_location },
  {
    id: "progress",
    header: "Progress",
    card: "fold",
    cell: (job) => <Progress done={job.bytes_done} total={job.bytes_total} label="staged" unit="bytes" />,
  },
  { id: "folder", header: "Folder", card: "fold", wide: true, cell: (job) => <Folder of={job} /> },
  { id: "by", header: "Requested by", card: "fold", wide: true, cell: ({ requested_by }) => requested_by },
  {
    id: "created",
    header: "Requested",
    card: "time",
    sort: "created_at",
    cell: ({ created_at }) => <Time at={created_at} />,
  },
  { id: "kept", header: "Kept", card: "fold", wide: true, cell: (job) => <Kept of={job} /> },
];

const PRESETS = [
  { id: "all", label: "All", query: {} },
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
        beside={<CopyAs ccat={null} path="/api/v1/staging-jobs" />}
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
