import { Why } from "~/components/Why";
import type { Job } from "~/pages/staging/answers";
import { reasonOf, worstOf } from "~/pages/staging/job";

/** Why a job does not go on: the reason of the item that holds it up most. */
export function WhyOfJob({ of: job }: { readonly of: Job }) {
  const worst = worstOf(job);
  if (worst === null) return null;
  return (
    <Why
      reason={reasonOf(worst)}
      detail={worst.error_message ?? worst.waiting_detail}
      since={null}
      subject={job.id}
    />
  );
}
