import type { components } from "~/api/schema.gen";

type Package = components["schemas"]["Package"];
type Step = components["schemas"]["LifeStep"];
type LifeLine = components["schemas"]["LifeLine"];

/** A package in a buffer at the telescope, whose transfer was given up. */
export const PACKAGE: Package = {
  id: "019ce2c8-1790-7d1e-a8ce-d2d775c7b370",
  site: "ccat",
  execution_id: "019ce2c8-0000-7d1e-a8ce-d2d775c7b370",
  obs_unit: "Orion-KL_CHAI_CO76",
  observed_at: "2026-03-12T22:00:18Z",
  program: "GEco",
  source: "Orion-KL",
  module: "chai-hfa",
  part_number: 2,
  state: "failed",
  copies_wanted: 2,
  copies_archived: 0,
  file_count: 8,
  payload_bytes: 3_298_529_280,
  size: 3_298_557_952,
  checksum: "xxh3-128:0ae34af91c550d00a11556a577f92d6b",
  manifest_checksum: "sha256:ba158f3d653aa8b70de1362cf677d0872ac0a92790368181c54f79e06799a82e",
  created_at: "2026-03-13T12:27:18Z",
  sealed_at: "2026-03-13T12:28:18Z",
  t_min: 61_112.51,
  t_max: 61_112.52,
  relative_path: "2026/03/13/019ce2c8-1790-7d1e-a8ce-d2d775c7b370.tar",
  source_location: "ccat.chai-raw-data",
  waiting_reason: "given_up",
  waiting_detail: "the credential may not write here",
  waiting_since: "2026-03-13T12:42:18Z",
  copies: [
    {
      id: "019ce2c8-2222-7d1e-a8ce-d2d775c7b370",
      location: "ccat.output-buffer",
      location_type: "buffer",
      form: "tar",
      status: "verified",
      size: 3_298_557_952,
      verified_at: "2026-03-13T12:29:18Z",
      waiting_reason: null,
      waiting_detail: null,
      pinned_until: null,
    },
  ],
  source_files: { present: 8, deleted: 0 },
};

/** A step with nothing to tell but its title. */
export const STEP: Step = {
  kind: "next",
  title: "To be archived at cologne.lta",
  created_at: null,
  started_at: null,
  finished_at: null,
  bytes_done: null,
  bytes_total: null,
  bytes_per_second: null,
  next_at: null,
  attempt: null,
  reason: null,
  detail: null,
  error_category: null,
  subject_type: "raw_data_package",
  subject_id: PACKAGE.id,
};

/** The transfer that was given up. */
export const GIVEN_UP: Step = {
  ...STEP,
  kind: "failure",
  title: "Moving from ccat.output-buffer to cologne.input-buffer failed",
  created_at: "2026-03-13T12:39:18Z",
  started_at: "2026-03-13T12:39:38Z",
  finished_at: "2026-03-13T12:42:18Z",
  bytes_done: 1_099_519_317,
  bytes_total: 3_298_557_952,
  attempt: 5,
  reason: "given_up",
  detail: "the credential cologne-input-buffer may not write here",
  error_category: "access_denied",
  subject_type: "data_transfer",
  subject_id: "019ce2c8-3333-7d1e-a8ce-d2d775c7b370",
};

/** Attempts of it that failed before. */
const TRIED: Step = {
  ...GIVEN_UP,
  kind: "attempt",
  title: "Packaging at ccat.chai failed",
  reason: null,
  error_category: "connection_lost",
  attempt: 3,
  started_at: "2026-11-30T01:00:00Z",
  finished_at: "2026-11-30T01:20:00Z",
};

/** The life of the package: attempts that failed, a failure, and what is to come. */
export const LIFE: LifeLine = {
  archives_in_doubt: [],
  steps: [TRIED, GIVEN_UP, STEP],
};

/** A file of it before its tar is made. */
export const UNPACKED: components["schemas"]["File"] = {
  id: "019ce2c8-4444-7d1e-a8ce-d2d775c7b370",
  execution_id: PACKAGE.execution_id,
  module: PACKAGE.module,
  package_id: PACKAGE.id,
  source_location: PACKAGE.source_location,
  relative_path: "2026/a.fits",
  file_type: "fits",
  size: 412_316_160,
  checksum: "xxh3-128:0ae34af91c550d00a11556a577f92d6b",
  member_checksum: null,
  member_offset: null,
  revision: 1,
  left_out: false,
  exception: null,
  problem: null,
  decision: null,
  replaced_by_file_id: null,
  filed_at: "2026-03-13T12:20:18Z",
  written_from: null,
  written_until: null,
};
