import type { Answer } from "~/api/get";

type Row = Answer<"/api/v1/open-work">["items"][number];
type Transfer = Answer<"/api/v1/data-transfers/{work_id}">;
type Creation = Answer<"/api/v1/package-creations/{work_id}">;

const GB = 1e9;
const PACKAGE = "6e0c2a52-8a2e-4a05-9d7c-3f3a7a1b0c11";
const EXECUTION = "0d5a4c1e-2f4e-4f6e-8e0a-6d8a5b2c0001";

/** Open work of several kinds: what waits for a route, what was given up, what moves, what is not work yet. */
export const OPEN: readonly Row[] = [
  row({
    id: "11111111-1111-4111-8111-111111111111",
    kind: "package_copy",
    collection: "physical-copies",
    place: "summit-buffer",
    route: "summit-cologne",
    reason: "route_circuit_open",
    detail: "summit-cologne rests until 06:12 after 6 failures in a row",
    turn: "site",
    next_at: "2026-03-02T06:12:00Z",
  }),
  row({
    id: "22222222-2222-4222-8222-222222222222",
    kind: "package_creation",
    collection: "package-creations",
    from: "primecam-disk",
    to: "summit-buffer",
    place: "primecam-disk",
    status: "failed",
    reason: "given_up",
    detail: "00042.fits: sha256 is 9f2c…, filed was 1b77…",
    since: "2026-03-02T01:08:00Z",
    turn: "operator",
    attempt: 1,
    error_class: "permanent",
    error_category: "checksum_mismatch",
    error_message: "00042.fits: sha256 is 9f2c…, filed was 1b77…",
    actions: ["retry"],
  }),
  row({
    id: "33333333-3333-4333-8333-333333333333",
    kind: "data_transfer",
    collection: "data-transfers",
    from: "summit-buffer",
    to: "cologne-buffer",
    place: "cologne-buffer",
    route: "summit-cologne",
    status: "in_progress",
    reason: "in_progress",
    detail: null,
    since: "2026-03-02T05:52:00Z",
    turn: "automatic",
    attempt: 1,
    started_at: "2026-03-02T05:52:00Z",
    progressed_at: "2026-03-02T05:59:58Z",
    bytes_done: 29.4 * GB,
    bytes_total: 48 * GB,
    bytes_per_second: 61.5e6,
    worker: "cologne-worker-2",
    actions: ["cancel"],
  }),
  row({
    id: `${EXECUTION}.primecam-280`,
    kind: "execution_module",
    collection: "executed-obs-units",
    subject: EXECUTION,
    package_id: null,
    module: "primecam-280",
    place: null,
    bytes_done: null,
    bytes_total: null,
    reason: "execution_running",
    detail: "812 files, 31.4 GB so far",
    turn: "instrument",
    since: "2026-03-02T05:12:00Z",
  }),
];

/** A transfer that failed some times and waits for its next attempt. */
export const TRANSFER: Transfer = {
  id: "33333333-3333-4333-8333-333333333333",
  site: "cologne",
  status: "pending",
  priority: 0,
  created_at: "2026-03-01T22:02:00Z",
  attempt: 6,
  next_attempt_at: "2026-03-02T06:12:00Z",
  started_at: "2026-03-02T05:58:10Z",
  finished_at: null,
  progressed_at: "2026-03-02T05:58:40Z",
  lease_owner: null,
  lease_expires_at: null,
  bytes_done: 12.1 * GB,
  bytes_total: 48 * GB,
  error_class: "transient",
  error_category: "timeout",
  error_message: "connection to summit-buffer timed out after 30 s",
  waiting_reason: "route_circuit_open",
  waiting_detail: "summit-cologne rests until 06:12 after 6 failures in a row",
  waiting_since: "2026-03-01T22:14:00Z",
  package_id: PACKAGE,
  execution_id: EXECUTION,
  obs_unit: "Orion-KL 280 GHz",
  observed_at: "2026-03-01T23:10:00Z",
  module: "prime-cam-280",
  part_number: 1,
  source_copy_id: "44444444-4444-4444-8444-444444444444",
  source_location: "summit-buffer",
  destination_location: "cologne-buffer",
  final_site: "cologne",
  route: "summit-cologne",
  batch_id: null,
  sent_at: null,
  checksum: null,
};

/** The creation of the same package. */
export const CREATION: Creation = {
  id: "55555555-5555-4555-8555-555555555555",
  site: "telescope",
  status: "completed",
  priority: 0,
  created_at: "2026-03-01T21:40:00Z",
  attempt: 1,
  next_attempt_at: null,
  started_at: "2026-03-01T21:40:03Z",
  finished_at: "2026-03-01T21:48:51Z",
  progressed_at: "2026-03-01T21:48:51Z",
  lease_owner: null,
  lease_expires_at: null,
  bytes_done: 48 * GB,
  bytes_total: 48 * GB,
  error_class: null,
  error_category: null,
  error_message: null,
  waiting_reason: null,
  waiting_detail: null,
  waiting_since: null,
  package_id: PACKAGE,
  execution_id: EXECUTION,
  obs_unit: "Orion-KL 280 GHz",
  observed_at: "2026-03-01T23:10:00Z",
  module: "prime-cam-280",
  part_number: 1,
  source_location: "primecam-disk",
  destination_location: "summit-buffer",
};

/** What is said of the category of the transfer's error. */
export const CATEGORIES: Answer<"/api/v1/error-categories"> = {
  items: [
    {
      code: "timeout",
      text: "No answer in time",
      meaning: "The other side did not answer in time; the link may be slow or cut.",
      remedy: "See whether the link is up. If it is down, call whoever runs the network.",
      next: "It is tried again by itself.",
      turn: "automatic",
      help: "work",
      before_retry: "See whether the link is up. If it is down, call whoever runs the network.",
      while_it_lasts: "See whether the link is up. If it is down, call whoever runs the network.",
      error_class: "transient",
    },
    {
      code: "checksum_mismatch",
      text: "File has another checksum",
      meaning: "The bytes of the file are not those that were filed.",
      remedy: "Put the file back as it was filed.",
      next: "The work is given up at once.",
      turn: "instrument",
      help: "work",
      before_retry: "Put the file back as it was filed.",
      while_it_lasts: "Put the file back as it was filed.",
      error_class: "permanent",
    },
  ],
};

/** What is said of a reason for waiting. */
export const REASONS: Answer<"/api/v1/waiting-reasons"> = {
  items: [
    {
      code: "route_circuit_open",
      text: "Route paused after failures",
      meaning: "Transfers over the route failed several times in a row, so it is paused.",
      remedy: "See the errors of the route.",
      next: "One transfer tries the route when the pause ends.",
      turn: "site",
      help: "place",
    },
  ],
};

/** What happened to the transfer. */
export const EVENTS: Answer<"/api/v1/events"> = {
  items: [
    event("1", "2026-03-02T05:58:40Z", "Attempt 6 failed: connection to summit-buffer timed out after 30 s"),
    event("2", "2026-03-02T05:40:11Z", "Attempt 5 failed: connection to summit-buffer timed out after 30 s"),
    event("3", "2026-03-01T22:02:00Z", "Planned from summit-buffer to cologne-buffer over summit-cologne"),
  ],
  next_cursor: null,
};

function row(own: Partial<Row>): Row {
  return {
    id: "",
    kind: "data_transfer",
    collection: "data-transfers",
    subject: own.id ?? "",
    package_id: PACKAGE,
    execution_id: EXECUTION,
    obs_unit: "Orion-KL 280 GHz",
    observed_at: "2026-03-01T23:10:00Z",
    program: "GAS",
    module: null,
    part_number: 1,
    site: "telescope",
    from: null,
    to: null,
    place: null,
    route: null,
    status: "waiting",
    reason: "not_planned",
    detail: null,
    since: "2026-03-01T22:14:00Z",
    next_at: null,
    turn: "automatic",
    priority: 0,
    created_at: "2026-03-01T22:02:00Z",
    started_at: null,
    progressed_at: null,
    attempt: 0,
    bytes_done: 0,
    bytes_total: 37 * GB,
    bytes_per_second: null,
    worker: null,
    error_class: null,
    error_category: null,
    error_message: null,
    on_retry: null,
    kept: null,
    actions: [],
    ...own,
  };
}

function event(id: string, at: string, message: string): Answer<"/api/v1/events">["items"][number] {
  return {
    id: `00000000-0000-4000-8000-00000000000${id}`,
    occurred_at: at,
    site: "cologne",
    actor: "planner",
    action: "failed",
    subject_type: "data_transfer",
    subject_id: TRANSFER.id,
    message,
    details: null,
  };
}
