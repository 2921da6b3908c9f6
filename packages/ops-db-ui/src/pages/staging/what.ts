import type { Job } from "~/pages/staging/answers";

const SHOWN = 8;

/** Return what a job asks for: `observation 01a22a10`. */
export function whatOf(job: Job): string {
  if (job.execution_id !== null) return `observation ${shortened(job.execution_id)}`;
  if (job.package_id !== null) return `package ${shortened(job.package_id)}`;
  return job.file_id === null ? "data" : `file ${shortened(job.file_id)}`;
}

/** Ids begin with the time at which they were made; their end tells those of one moment apart. */
function shortened(id: string): string {
  return `…${id.slice(-SHOWN)}`;
}
