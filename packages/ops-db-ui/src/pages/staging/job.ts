import { worded } from "~/api/words";
import { grouped, withPrefix } from "~/components/quantity";
import type { Item, Job } from "~/pages/staging/answers";

/** Return the look and the word of how a job stands. */
export function wordOf(job: Job): readonly [look: string, word: string] {
  if (job.state === "completed") return ["completed", "there"];
  if (job.state === "cancelled") return ["cancelled", "cancelled"];
  if (job.state === "failed" || has(job, "failed") || has(job, "cancelled"))
    return ["failed", "needs somebody"];
  if (!isOpen(job)) return [job.state, worded(job.state)];
  if (has(job, "in_progress")) return ["in_progress", "on the way"];
  return ["waiting", job.items.some(({ waiting_reason }) => waiting_reason !== null) ? "waits" : "queued"];
}

/** Return whether all of a job is there, and if not, how much. */
export function sentenceOf(job: Job): string {
  const done = job.items.filter(({ status }) => status === "completed").length;
  const failed = job.items.filter(({ status }) => status === "failed").length;
  const cancelled = job.items.filter(({ status }) => status === "cancelled").length;
  const where = job.destination_location;
  const all = things(job, job.items.length);
  if (job.state === "cancelled") {
    return done === 0
      ? `Cancelled before anything arrived at ${where}.`
      : `Cancelled; ${things(job, done)} had arrived at ${where}.`;
  }
  if (job.state === "completed") {
    return `Yes: ${all}, ${withPrefix(job.bytes_total, "B")}, verified and unpacked at ${where}.`;
  }
  const stopped = `${were(failed, "given up")}${were(cancelled, "cancelled")}`;
  return `${failed + cancelled > 0 ? "No" : "Not yet"}: ${grouped(done)} of ${all} ${done === 1 || job.items.length === 1 ? "is" : "are"} at ${where}.${stopped}`;
}

/** Whether something of a job is still to come. */
export function isOpen(job: Job): boolean {
  return job.state === "pending" || job.state === "in_progress";
}

/** Return the item that holds a job up most: given up before cancelled before waiting; null if none does. */
export function worstOf(job: Job): Item | null {
  if (!isOpen(job) && job.state !== "failed") return null;
  return (
    job.items.find(({ status }) => status === "failed") ??
    job.items.find(({ status }) => status === "cancelled") ??
    job.items.find(({ waiting_reason }) => waiting_reason !== null) ??
    null
  );
}

/** Return why an item does not go on, by the reason's code. */
export function reasonOf(item: Item): string | null {
  if (item.status === "failed") return "given_up";
  return item.status === "cancelled" ? "cancelled" : item.waiting_reason;
}

function were(count: number, what: string): string {
  return count === 0 ? "" : ` ${grouped(count)} ${count === 1 ? "was" : "were"} ${what}.`;
}

function has(job: Job, status: Item["status"]): boolean {
  return job.items.some((item) => item.status === status);
}

function things(job: Job, count: number): string {
  const one = job.file_id === null ? "package" : "file";
  return `${grouped(count)} ${count === 1 ? one : `${one}s`}`;
}
