import { grouped, withPrefix } from "~/components/quantity";
import type { Item, Job } from "~/pages/staging/answers";

/** Return how far a job is, in one sentence. */
export function sentenceOf(job: Job): string {
  const done = job.items.filter(({ status }) => status === "completed").length;
  const failed = job.items.filter(({ status }) => status === "failed").length;
  const open = job.items.length - done - failed;
  const all = counted(job.items.length);
  const where = job.destination_location;
  if (job.state === "cancelled") {
    return done === 0
      ? `Cancelled before anything arrived at ${where}.`
      : `Cancelled; ${counted(done)} had arrived at ${where}.`;
  }
  if (job.state === "completed") {
    return `${all} verified and unpacked at ${where}, ${withPrefix(job.bytes_total, "B")}.`;
  }
  if (open === job.items.length) return `${all}, ${job.items.length === 1 ? "not" : "none"} at ${where} yet.`;
  const parts: readonly (readonly [number, string])[] = [
    [done, `at ${where}`],
    [failed, "given up"],
    [open, "on the way"],
  ];
  const said = parts.filter(([count]) => count > 0).map(([count, word]) => `${grouped(count)} ${word}`);
  return `${all}: ${said.join(", ")}.`;
}

/** Whether something of a job is still to come. */
export function isOpen(job: Job): boolean {
  return job.state === "pending" || job.state === "in_progress";
}

/** Return the item that holds a job up most: given up before waiting; null if none does. */
export function worstOf(job: Job): Item | null {
  if (!isOpen(job) && job.state !== "failed") return null;
  return (
    job.items.find(({ status }) => status === "failed") ??
    job.items.find(({ waiting_reason }) => waiting_reason !== null) ??
    null
  );
}

function counted(packages: number): string {
  return `${grouped(packages)} ${packages === 1 ? "package" : "packages"}`;
}
