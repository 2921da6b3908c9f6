import { withPrefix } from "~/components/quantity";
import { Time } from "~/components/Time";
import { Unknown } from "~/components/Unknown";
import type { Job } from "~/pages/staging/answers";
import styles from "~/pages/staging/columns.module.css";
import { isOpen, worstOf } from "~/pages/staging/job";
import { span } from "~/time/format";
import { useSaid } from "~/time/now";

/** When the data of a job arrived, or will if they go on as they do. */
export function Arrival({ of: job }: { readonly of: Job }) {
  if (job.arrived_at !== null) return <Time at={job.arrived_at} />;
  if (job.expected_at !== null) return <Expected at={job.expected_at} rate={job.bytes_per_second} />;
  if (!isOpen(job)) return <Unknown />;
  return <span>{worstOf(job) === null ? "told once it moves" : "not known while it waits"}</span>;
}

function Expected({ at, rate }: { readonly at: string; readonly rate: number | null }) {
  const left = useSaid((now) => span(Math.max(0, new Date(at).getTime() - now.getTime())));
  return (
    <span>
      in {left}, <Time at={at} />
      {rate !== null && <span className={styles.place}> at {withPrefix(rate, "B/s")}</span>}
    </span>
  );
}
