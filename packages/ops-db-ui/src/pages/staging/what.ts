import type { Job } from "~/pages/staging/answers";

const SHOWN = 8;

/** Return what a job asks for: `observation …bfc250d2`. */
export function whatOf(job: Job): string {
  if (job.execution_id !== null) return `observation ${endOf(job.execution_id)}`;
  if (job.package_id !== null) return `package ${endOf(job.package_id)}`;
  return job.file_id === null ? "data" : `file ${endOf(job.file_id)}`;
}

/** Return the end of an id. Ids begin with the time at which they were made; the end tells those of a moment apart. */
export function endOf(id: string): string {
  return `…${id.slice(-SHOWN)}`;
}
