import { Link } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import { CopyText } from "~/components/CopyText";
import { Panel } from "~/components/Panel";
import { Progress } from "~/components/Progress";
import styles from "~/pages/observations/StagedPanel.module.css";
import { JobState } from "~/pages/staging/JobState";
import { isOpen } from "~/pages/staging/job";
import { Kept } from "~/pages/staging/Kept";

const SHOWN = 20;

/** Where an observation was staged, and the folder to work in. */
export function StagedPanel({ id }: { readonly id: string }) {
  const jobs = useGet("/api/v1/staging-jobs", { params: { query: { execution_id: id, limit: SHOWN } } });
  if (jobs.data?.items.length === 0) return null;
  return (
    <Panel title="Staged for processing" of={jobs}>
      {({ items }) => (
        <ul className={styles.jobs}>
          {items.map((job) => (
            <li key={job.id} className={styles.job}>
              <span className={styles.head}>
                <Link to="/staging/$id" params={{ id: job.id }}>
                  To {job.destination_location}
                </Link>
                <JobState of={job} />
              </span>
              {job.state === "completed"
                ? job.folder !== null && (
                    <span className={styles.folder}>
                      <code>{job.folder}</code>
                      <CopyText text={job.folder} label="Copy folder" />
                      <span>
                        kept until <Kept of={job} />
                      </span>
                    </span>
                  )
                : isOpen(job) && (
                    <Progress done={job.bytes_done} total={job.bytes_total} label="staged" unit="bytes" />
                  )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
