import { CopyText } from "~/components/CopyText";
import type { Job } from "~/pages/staging/answers";
import styles from "~/pages/staging/Folder.module.css";
import { isOpen } from "~/pages/staging/job";

/** The folder of a job's data, to copy; while they are on the way it says that the folder is not complete. */
export function Folder({ of: job }: { readonly of: Job }) {
  if (job.folder === null) return <span className={styles.note}>told by the site of the location</span>;
  return (
    <span className={styles.folder}>
      <code className={styles.path}>{job.folder}</code>
      <CopyText text={job.folder} label="Copy folder" />
      {isOpen(job) && <span className={styles.note}>not complete yet</span>}
    </span>
  );
}
