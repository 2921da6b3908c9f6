import { State } from "~/components/State";
import type { Job } from "~/pages/staging/answers";
import { wordOf } from "~/pages/staging/job";

/** How a job stands: whether its data are there, come, or wait. */
export function JobState({ of: job }: { readonly of: Job }) {
  const [look, word] = wordOf(job);
  return <State of={look} word={word} />;
}
