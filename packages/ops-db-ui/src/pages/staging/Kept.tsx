import { Time } from "~/components/Time";
import { Unknown } from "~/components/Unknown";
import type { Job } from "~/pages/staging/answers";
import styles from "~/pages/staging/columns.module.css";
import { span } from "~/time/format";

const SECOND = 1_000;

/** Until when a job's data stay: a moment once all have arrived, before that how long after it. */
export function Kept({ of: job }: { readonly of: Job }) {
  if (job.kept_until !== null) return <Time at={job.kept_until} />;
  if (job.state === "cancelled") return <Unknown />;
  return (
    <span>
      <span className={styles.short}>{span(job.time_to_live * SECOND)} after it arrives</span>
      {job.pinned_until !== null && (
        <>
          , at least until <Time at={job.pinned_until} />
        </>
      )}
    </span>
  );
}
