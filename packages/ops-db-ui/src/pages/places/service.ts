import type { components } from "~/api/schema.gen";

type Location = components["schemas"]["Location"];

/** Whether a place is used, said in a sentence. */
export interface Service {
  readonly state: "in_service" | "suspended" | "disabled" | "act" | "watch";
  readonly sentence: string;
  readonly since: string | null;
}

/** Return whether a place is in service; if not, why, by whom and since when. The gravest cause is named. */
export function serviceOf(data: Location): Service {
  if (data.retired_at !== null) {
    return {
      state: "disabled",
      sentence: "The configuration does not name it any more.",
      since: data.retired_at,
    };
  }
  if (!data.enabled) {
    return { state: "disabled", sentence: "The configuration has it switched off.", since: null };
  }
  if (data.suspended_at !== null) {
    const by = data.suspended_by === null ? "" : ` by ${data.suspended_by}`;
    const reason = data.suspended_reason === null ? "" : `: ${data.suspended_reason}`;
    return { state: "suspended", sentence: `Taken out of service${by}${reason}`, since: data.suspended_at };
  }
  if (data.health?.suspect_since != null) {
    const reason = data.health.suspect_reason ?? "many copies failed at once";
    return { state: "act", sentence: `Under suspicion: ${reason}`, since: data.health.suspect_since };
  }
  const failures = data.health?.consecutive_failures ?? 0;
  if (data.health?.open_until != null) {
    return {
      state: "watch",
      sentence: `Rests after ${failures} failures in a row, until ${data.health.open_until.slice(11, 16)} UTC; then it is tried again by itself.`,
      since: null,
    };
  }
  if (data.read_only)
    return { state: "in_service", sentence: "It is read only; nothing is written to it.", since: null };
  return { state: "in_service", sentence: "It takes part in the work of its site.", since: null };
}
