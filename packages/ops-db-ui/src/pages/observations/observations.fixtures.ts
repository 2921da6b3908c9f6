import type { Execution, ListedExecution, Package, Progress, Step } from "~/pages/observations/answers";

const ID = "01a22a1e-429b-70f1-b51a-fe47bfc250d2";

/** An observation that ended well. */
export const EXECUTION: Execution = {
  id: ID,
  site: "ccat",
  obs_unit: "Orion-KL_CHAI_CO76",
  program: "GEco",
  source: "Orion-KL",
  instruments: ["chai"],
  modules: ["chai-hfa", "chai-lfa"],
  status: "completed",
  started_at: "2026-11-30T01:42:35Z",
  ended_at: "2026-11-30T01:52:43Z",
  start_received_at: "2026-11-30T01:42:35Z",
  end_received_at: "2026-11-30T01:52:43Z",
  mean_pwv: 0.41,
  elevation_min: 58,
  elevation_max: 61.3,
  azimuth_min: null,
  azimuth_max: null,
  comment: null,
};

/** Its data, all archived and removed at the source. */
export const PROGRESS: Progress = {
  id: ID,
  status: "completed",
  files: 403,
  bytes: 25_000_000,
  files_packaged: 403,
  packages: 2,
  packages_sealed: 2,
  packages_archived: 2,
  packages_removed_at_source: 2,
  packages_failed: 0,
  needs_somebody: false,
  files_sealed: 403,
  files_archived: 403,
  files_removed_at_source: 403,
  archives_reached: 1,
  archives_wanted: 1,
  archived: true,
  removed_at_source: true,
  waiting: [],
  failed: [],
};

/** A package that passed everything. */
export const PACKAGE: Package = {
  id: "01a22a10-946b-7723-a653-b509529d8b72",
  site: "ccat",
  execution_id: ID,
  obs_unit: "Orion-KL_CHAI_CO76",
  observed_at: "2026-03-02T04:00:00Z",
  program: "GEco",
  source: "Orion-KL",
  module: "chai-lfa",
  part_number: 1,
  state: "archived",
  copies_wanted: 1,
  copies_archived: 1,
  file_count: 400,
  payload_bytes: 16_000_000,
  size: 17_100_800,
  checksum: "xxh3-128:ec85e4b62201610b4288c30586fedf53",
  manifest_checksum: "sha256:cb52ab6fa55804879e8a7ff395b91ce705cdb23a94366de3abbdfd9afe28159c",
  created_at: "2026-11-30T01:53:39Z",
  sealed_at: "2026-11-30T01:53:40Z",
  t_min: 61_101.16,
  t_max: 61_101.24,
  relative_path: "2026/11/30/01a22a10-946b-7723-a653-b509529d8b72.tar",
  source_location: "ccat.chai-raw-data",
  waiting_reason: "below_watermark",
  waiting_detail: "cologne.input-buffer deletes above 85 % of its space",
  waiting_since: "2026-11-30T01:54:41Z",
  copies: [
    copy("ccat.output-buffer", "buffer", "deleted", null),
    copy("cologne.input-buffer", "buffer", "verified", "2026-11-30T01:54:41Z"),
    copy("cologne.lta", "long_term_archive", "verified", "2026-11-30T01:54:43Z"),
  ],
  source_files: { present: 0, deleted: 400 },
};

/** A package whose making was given up. */
export const GIVEN_UP: Package = {
  ...PACKAGE,
  id: "01a22a10-a2b8-73da-add2-294500860237",
  module: "chai-hfa",
  state: "failed",
  size: null,
  checksum: null,
  sealed_at: null,
  waiting_reason: "given_up",
  waiting_detail: "bad/scan-1.dat: its checksum is another than was filed",
  copies: [],
  source_files: { present: 3, deleted: 0 },
};

/** A package that waits at the telescope for the link. */
export const WAITING: Package = {
  ...PACKAGE,
  id: "01a22a10-b2b8-73da-add2-294500860237",
  part_number: 2,
  state: "waiting",
  waiting_reason: "link_window_closed",
  waiting_detail: "route ccat-to-cologne is open 02:00 to 06:00 UTC",
  copies: [copy("ccat.output-buffer", "buffer", "verified", "2026-11-30T01:53:41Z")],
  source_files: { present: 400, deleted: 0 },
};

/** Return a copy of a package at a location. */
export function copy(
  location: string,
  type: Package["copies"][number]["location_type"],
  status: Package["copies"][number]["status"],
  verifiedAt: string | null,
): Package["copies"][number] {
  return {
    id: `copy-at-${location}`,
    location,
    location_type: type,
    form: "tar",
    status,
    size: 17_100_800,
    verified_at: verifiedAt,
    waiting_reason: null,
    waiting_detail: null,
    pinned_until: null,
  };
}

/** Why its data do not go on: a package could not be made. */
export const GIVEN_UP_STEP: Step = {
  subject_type: "package_creation",
  subject_id: "c1",
  what: "make the package at ccat.chai-raw-data",
  status: "failed",
  reason: "given_up",
  detail: "bad/scan-1.dat: its checksum is another than was filed",
  since: "2026-11-30T01:42:49Z",
  remedy: "Remove the cause that its error names, then retry it.",
  next: "Nothing changes until somebody acts.",
  next_at: null,
  turn: "operator",
};

/** Why its data do not go on: the link is closed. */
export const WAITING_STEP: Step = {
  ...GIVEN_UP_STEP,
  subject_type: "data_transfer",
  subject_id: "t1",
  what: "send it to cologne",
  status: "pending",
  reason: "link_window_closed",
  detail: "route ccat-to-cologne is open 02:00 to 06:00 UTC",
  next: "It goes on when the window opens.",
  turn: "automatic",
};

/** An observation as lists have it, with data that wait. */
export const LISTED: ListedExecution = {
  ...EXECUTION,
  data: {
    state: "on_the_way",
    files: 403,
    bytes: 25_000_000,
    files_unpackaged: 0,
    packages: { archived: 0, failed: 0, transferring: 1, waiting: 0 },
    reason: "route_circuit_open",
    reason_detail: null,
    reason_since: "2026-11-30T02:00:00Z",
  },
};
