import type { components } from "~/api/schema.gen";
import { badWork } from "~/pages/overview/nights.fixtures";
import { CATEGORIES, OPEN, TRANSFER } from "~/pages/work/work.fixtures";

type Schemas = components["schemas"];

/** An archive that is in doubt. */
export const ERROR: Schemas["Error"] = {
  id: "01a22af7-ba4a-75ac-a7dd-57027032a74e",
  site: "us",
  severity: "critical",
  severity_rank: 4,
  category: "location_suspect",
  subject_type: "data_location",
  subject_id: "us.lta",
  location: "us.lta",
  route: null,
  message: "us.lta is in doubt: 5 copies failed within 10 min; the latest: 2026/03/12/a.tar",
  first_seen_at: "2026-03-14T02:56:38Z",
  last_seen_at: "2026-03-14T02:56:38Z",
  count: 1,
  acknowledged_at: null,
  acknowledged_by: null,
  resolved_at: null,
};

/** The transfer that an error concerns, as open work. */
export const OPEN_TRANSFER: Schemas["OpenWorkRow"] = {
  ...(OPEN.find(({ kind }) => kind === "data_transfer") ?? never()),
  id: TRANSFER.id,
  status: "pending",
  from: TRANSFER.source_location,
  to: TRANSFER.destination_location,
  route: TRANSFER.route,
  reason: "route_circuit_open",
  next_at: TRANSFER.next_attempt_at,
};

/** Its route, which rests. */
export const PAUSED_ROUTE: Schemas["Route"] = {
  id: TRANSFER.route,
  origin_site: "telescope",
  destination_site: "cologne",
  origin_location: null,
  destination_location: null,
  relay_site: null,
  route_type: "direct",
  method: "s3",
  priority: 0,
  concurrency: 4,
  bytes_per_second: null,
  windows: [],
  enabled: true,
  retired_at: null,
  suspended_at: null,
  suspended_by: null,
  suspended_reason: null,
  suspended_until: null,
  health: { consecutive_failures: 6, open_until: "2026-03-02T06:12:00Z" },
  service: {
    state: "paused",
    of: TRANSFER.route,
    since: "2026-03-01T22:14:00Z",
    by: null,
    reason: null,
    next_at: "2026-03-02T06:12:00Z",
  },
};

/** What waits for it. */
export const HELD_UP: Schemas["OpenWorkGroups"] = {
  ...badWork,
  count: 214,
  groups: badWork.groups.filter(({ key }) => key === "route_circuit_open"),
};

/** Categories, in which the staff of a site mends what did not answer. */
export const OF_SITES: Schemas["ErrorCategories"] = {
  items: CATEGORIES.items.map((category) => ({ ...category, turn: "site" })),
};

function never(): never {
  throw new Error("the fixtures of work have a transfer");
}
