import { Time } from "~/components/Time";
import type { Job } from "~/pages/staging/answers";
import styles from "~/pages/staging/columns.module.css";
import { span } from "~/time/format";

const SECOND = 1_000;

/** How long a job's data stay: so long after they arrived, and not before a moment if one was given. */
export function Kept({ of: job }: { readonly of: Job }) {
  return (
    <span>
      <span className={styles.short}>{span(job.time_to_live * SECOND)} after arrival</span>
      {job.pinned_until !== null && (
        <>
          , at least until <Time at={job.pinned_until} />
        </>
      )}
    </span>
  );
}
