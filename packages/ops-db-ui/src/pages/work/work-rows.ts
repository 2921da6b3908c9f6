import type { Answer } from "~/api/get";

/** What work of any kind says of itself. */
export type WorkRow =
  | Answer<"/api/v1/package-creations/{work_id}">
  | Answer<"/api/v1/data-transfers/{work_id}">
  | Answer<"/api/v1/archive-transfers/{work_id}">
  | Answer<"/api/v1/fixity-checks/{work_id}">
  | Answer<"/api/v1/staging-items/{work_id}">
  | Answer<"/api/v1/deletions/{work_id}">;

/** Something of the list of open work. */
export type OpenRow = Answer<"/api/v1/open-work">["items"][number];

/** Reasons of work whose route or place failed so often that it is paused. */
export const PAUSED: readonly string[] = ["route_circuit_open", "location_circuit_open"];

/** Whether work waits because its route or a place of it failed again and again. */
export function isPaused({ waiting_reason }: WorkRow): boolean {
  return waiting_reason !== null && PAUSED.includes(waiting_reason);
}

/** Whether work was given up or cancelled: it does not go on unless somebody retries it. */
export function isStopped({ status }: WorkRow): boolean {
  return status === "failed" || status === "cancelled";
}

/** Return from where to where work goes, as far as its kind has both. */
export function wayOf(row: WorkRow): string {
  const from = "source_location" in row ? row.source_location : null;
  const to =
    "destination_location" in row ? row.destination_location : "location" in row ? row.location : null;
  if (from !== null && to !== null) return `${from} → ${to}`;
  return to ?? from ?? row.site;
}
