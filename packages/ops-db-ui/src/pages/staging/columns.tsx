import { actorName } from "~/components/actor";
import { CopyText } from "~/components/CopyText";
import { Progress } from "~/components/Progress";
import { Bytes } from "~/components/Quantity";
import { Time } from "~/components/Time";
import type { Column } from "~/lists/columns";
import type { Job } from "~/pages/staging/answers";
import styles from "~/pages/staging/columns.module.css";
import { JobState } from "~/pages/staging/JobState";
import { isOpen } from "~/pages/staging/job";
import { Kept } from "~/pages/staging/Kept";
import { WhyOfJob } from "~/pages/staging/WhyOfJob";
import { whatOf } from "~/pages/staging/what";

/** What the list of staging jobs shows of each. */
export const COLUMNS: readonly Column<Job>[] = [
  {
    id: "what",
    header: "Data, place",
    card: "title",
    cell: (job) => (
      <span className={styles.name}>
        <span className={styles.what}>{job.source}</span>
        <span className={styles.place}>{whatOf(job)}</span>
        <span className={styles.place}>to {job.destination_location}</span>
      </span>
    ),
  },
  {
    id: "state",
    header: "State, why",
    card: "state",
    cell: (job) => (
      <span className={styles.state}>
        <JobState of={job} />
        <WhyOfJob of={job} />
      </span>
    ),
  },
  { id: "progress", header: "Progress, folder", card: "why", cell: (job) => <Size of={job} /> },
  {
    id: "created",
    header: "Requested",
    card: "time",
    sort: "created_at",
    cell: (job) => (
      <span className={styles.name}>
        <Time at={job.created_at} />
        <span className={styles.place}>by {actorName(job.requested_by)}</span>
      </span>
    ),
  },
  { id: "kept", header: "Kept until", card: "fold", cell: (job) => <Kept of={job} /> },
];

/** How far a job is while it is open; afterwards how large it is, and the folder to copy once everything is in it. */
function Size({ of: job }: { readonly of: Job }) {
  if (isOpen(job)) {
    return <Progress done={job.bytes_done} total={job.bytes_total} label="staged" unit="bytes" />;
  }
  return (
    <span className={styles.name}>
      <Bytes value={job.bytes_total} />
      {job.state === "completed" && job.folder !== null && (
        <span title={job.folder}>
          <CopyText text={job.folder} label="Copy folder" />
        </span>
      )}
    </span>
  );
}
