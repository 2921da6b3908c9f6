import type { Item, Job } from "~/pages/staging/answers";

/** A part of a job that has arrived. */
export const ITEM: Item = {
  id: "01a22a20-0000-7000-8000-000000000001",
  package_id: "01a22a10-946b-7723-a653-b509529d8b72",
  file_id: null,
  module: "chai-lfa",
  part_number: 1,
  relative_path: null,
  status: "completed",
  bytes_done: 17_100_800,
  bytes_total: 17_100_800,
  waiting_reason: null,
  waiting_detail: null,
  error_message: null,
  finished_at: "2026-11-30T02:04:00Z",
};

/** A job whose data have all arrived. */
export const JOB: Job = {
  id: "01a22a20-0000-7000-8000-000000000000",
  site: "ccat",
  destination_location: "cologne.processing",
  execution_id: "01a22a1e-429b-70f1-b51a-fe47bfc250d2",
  package_id: null,
  file_id: null,
  source: "Orion-KL",
  obs_unit: "Orion-KL_CHAI_CO76",
  state: "completed",
  requested_by: "ada (laptop)",
  reason: "line survey",
  created_at: "2026-11-30T02:00:00Z",
  pinned_until: null,
  time_to_live: 1_209_600,
  cancelled_at: null,
  bytes_done: 17_100_800,
  bytes_total: 17_100_800,
  bytes_per_second: null,
  expected_at: null,
  arrived_at: "2026-11-30T02:04:00Z",
  kept_until: "2026-12-14T02:04:00Z",
  folder: "/data/processing/01a22a1e-429b-70f1-b51a-fe47bfc250d2",
  items: [ITEM],
};

/** The same while its data come. */
export const COMING: Job = {
  ...JOB,
  state: "in_progress",
  bytes_done: 8_550_400,
  bytes_per_second: 100_000,
  expected_at: "2026-11-30T02:04:00Z",
  arrived_at: null,
  kept_until: null,
  items: [{ ...ITEM, status: "in_progress", bytes_done: 8_550_400, finished_at: null }],
};

/** A part that waits. */
export const WAITING_ITEM: Item = {
  ...ITEM,
  id: "01a22a20-0000-7000-8000-000000000002",
  part_number: 2,
  status: "pending",
  bytes_done: 0,
  finished_at: null,
  waiting_reason: "location_suspended",
  waiting_detail: "cologne.processing is suspended: disk swap",
};

/** A part that was given up. */
export const FAILED_ITEM: Item = {
  ...ITEM,
  id: "01a22a20-0000-7000-8000-000000000003",
  status: "failed",
  bytes_done: 0,
  error_message: "no space left at cologne.processing",
};
