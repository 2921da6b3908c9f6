import { useState } from "react";
import { useGet } from "~/api/get";
import type { Problem } from "~/api/problem";

const UNAVAILABLE = 503;

/**
 * Return what the data centre waits for before it can do anything, as of the answers that the shell asks for; null:
 * it is ready.
 */
export function useNotReady(): Problem | null {
  const status = useGet("/api/v1/status", {}, { live: false, enabled: false });
  const [last, setLast] = useState<Problem | null>(null);
  // Before there was any answer, the error is gone while it is asked again: nothing is to come and go with that.
  const isAskedAgain = status.data === undefined && status.fetchStatus === "fetching";
  if (!isAskedAgain && status.error !== last) setLast(status.error);
  return last?.status === UNAVAILABLE ? last : null;
}

/** Return why nothing can be changed now, in words; null: it can. */
export function useUnchangeable(): string | null {
  const problem = useNotReady();
  return problem === null ? null : `The data centre is not ready: ${problem.detail}.`;
}
