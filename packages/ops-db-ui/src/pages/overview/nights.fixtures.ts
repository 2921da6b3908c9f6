import type { Answer } from "~/api/get";
import type { Attention, FlowStep, LocationStatus, RecentEvent } from "~/pages/overview/answers";

type Status = Answer<"/api/v1/status">;
type Groups = Answer<"/api/v1/open-work/groups">;

/** The moment at which both nights are looked at: three in the morning at the telescope. */
export const AT = "2026-03-02T06:00:00Z";

const GB = 1e9;
const TB = 1e12;

const NEXT: Readonly<Record<string, string>> = {
  route_circuit_open: "One transfer tries the route when the pause ends. If it succeeds, the others follow.",
  below_watermark: "It may be deleted when the location fills above its high watermark.",
  location_disabled: "Nothing changes until somebody acts.",
  execution_running:
    "A package is made when the execution ends, or when the size or age limit of the source is reached.",
  given_up: "Nothing changes until somebody acts.",
  concurrency_limit: "It goes on when one of the others ends.",
  in_progress: "It ends by itself. If the worker falls silent, another one takes it over.",
};

/** A night on which all is well. */
export const greenNight: Status = {
  site: "telescope",
  at: AT,
  counted_at: AT,
  verdict: {
    level: "green",
    sentence:
      "All is well: 21 402 files (1.93 TB) filed since the night began, 13 packages on the way to the archive.",
    next: { text: "It goes on when the time window opens.", at: "2026-03-02T10:00:00Z" },
  },
  attention: [],
  flow: [
    step("source", 3, 84.2 * GB, 91.3e6, 1),
    step("buffer", 7, 231 * GB, 88.1e6),
    step("link", 2, 71.9 * GB, 62.4e6, 2),
    step("archive", 1, 38.4 * GB, 60.8e6, 1),
    step("verified", 1, 38.4 * GB, 58.9e6, 1),
    step("removed", 35, 1.02 * TB, 40.2e6),
  ],
  today: {
    night: "2026-03-01",
    since: "2026-03-01T16:31:00Z",
    files: 21_402,
    bytes: 1.93 * TB,
    bytes_per_second: 39.8e6,
    recent_bytes_per_second: 91.3e6,
    last_filed_at: "2026-03-02T05:59:48Z",
  },
  signs_of_life: [
    { what: "telescope", site: null, at: "2026-03-02T05:59:48Z" },
    { what: "workers", site: "cologne", at: "2026-03-02T05:59:40Z" },
    { what: "workers", site: "telescope", at: "2026-03-02T05:59:35Z" },
  ],
  locations: [
    place("primecam-disk", "telescope", "source", 3.1 * TB, 20 * TB),
    place("chai-disk", "telescope", "source", 0.4 * TB, 4 * TB),
    place("summit-buffer", "telescope", "buffer", 41 * TB, 120 * TB),
    place("cologne-buffer", "cologne", "buffer", 6.2 * TB, 60 * TB),
    place("cologne-tape", "cologne", "long_term_archive", 812 * TB, 5_000 * TB),
    place("cologne-work", "cologne", "processing", 12 * TB, 40 * TB),
  ],
  work: [],
  waiting: [],
  packages: { archived: 20_412 },
  transfers: [],
  errors: { critical: 0, error: 0, warning: 0, info: 0 },
  recent: [
    event("1", "05:59:41", "archived", "raw_data_package", "Package 20412 verified in cologne-tape"),
    event("2", "05:59:02", "sent", "data_transfer", "38.4 GB sent to cologne-buffer in 10 min"),
    event("3", "05:57:30", "packaged", "raw_data_package", "Package of Orion-KL, module 280GHz"),
    event("4", "05:56:11", "finished", "executed_obs_unit", "Orion-KL finished, 1204 files"),
  ],
};

/** What is open on the green night. */
export const greenWork: Groups = {
  by: "reason",
  at: AT,
  count: 48,
  bytes: 1.31 * TB,
  groups: [
    group("below_watermark", "Kept while there is room", 35, 1.02 * TB, "automatic", "2026-03-01T20:00:00Z"),
    group(
      "concurrency_limit",
      "As much under way as allowed",
      7,
      231 * GB,
      "automatic",
      "2026-03-02T05:42:00Z",
    ),
    group("execution_running", "Execution still running", 3, 0, "instrument", "2026-03-02T05:12:00Z"),
    group("in_progress", "Under way", 3, 57 * GB, "automatic", "2026-03-02T05:52:00Z"),
  ],
};

const cards: Attention[] = [
  {
    rule: "circuit_open",
    severity: "act",
    title: "The route summit-cologne is paused after 6 failures in a row",
    why: "214 packages (7.9 TB) wait for it.",
    next: "One transfer tries the route when the pause ends. If it succeeds, the others follow.",
    remedy: "Read the last error of the route. Call those who look after its two ends.",
    turn: "site",
    help: "place",
    count: 214,
    where: "summit-cologne",
    since: "2026-03-01T22:14:00Z",
    next_at: "2026-03-02T06:12:00Z",
    action: null,
    subjects: { collection: "open-work", id: null, filter: { route: "summit-cologne" } },
    cause: null,
  },
  {
    rule: "location_filling",
    severity: "act",
    title: "summit-buffer is 87 % full and full in 4 h 20 min",
    why: "Its high watermark is 85 %, and it is not falling.",
    next: "Copies are deleted there as soon as they are archived.",
    remedy: "See what stops the data from going on. Free or add space if that takes long.",
    turn: "operator",
    help: "place",
    count: 1,
    where: "summit-buffer",
    since: null,
    next_at: "2026-03-02T10:20:00Z",
    action: null,
    subjects: { collection: "data-locations", id: "summit-buffer", filter: null },
    cause: null,
  },
  {
    rule: "given_up",
    severity: "act",
    title: "3 packages to be made (31 GB) given up",
    why: "A file has another checksum than the one that was filed.",
    next: "Nothing changes until somebody acts.",
    remedy: "Compare the file with the one that the instrument has, and file it anew.",
    turn: "instrument",
    help: "work",
    count: 3,
    where: "primecam-disk",
    since: "2026-03-02T01:08:00Z",
    next_at: null,
    action: {
      verb: "retry",
      collection: "open-work",
      id: null,
      filter: { kind: "package_creation", reason: "given_up" },
    },
    subjects: { collection: "open-work", id: null, filter: { kind: "package_creation", reason: "given_up" } },
    cause: null,
  },
  {
    rule: "long_suspension",
    severity: "watch",
    title: "chai-disk has been suspended for 1 d 2 h",
    why: "m.operator: disk is being replaced",
    next: "It stays out of service until somebody resumes it.",
    remedy: "Resume it, if the reason has passed.",
    turn: "operator",
    help: "place",
    count: 1,
    where: "chai-disk",
    since: "2026-03-01T04:00:00Z",
    next_at: null,
    action: { verb: "resume", collection: "data-locations", id: "chai-disk", filter: null },
    subjects: { collection: "data-locations", id: "chai-disk", filter: null },
    cause: null,
  },
];

const PAUSED = ["route_circuit_open", "Route paused after failures", "summit-cologne", 214] as const;

/** A night on which the link is cut, the buffer fills and some work was given up. */
export const badNight: Status = {
  ...greenNight,
  verdict: {
    level: "act",
    sentence:
      "The route summit-cologne is paused after 6 failures in a row; summit-buffer is 87 % full and full in 4 h 20 min; 2 more things need attention.",
    next: {
      text: "summit-cologne: One transfer tries the route when the pause ends. If it succeeds, the others follow.",
      at: "2026-03-02T06:12:00Z",
    },
  },
  attention: cards,
  flow: [
    step("source", 9, 312 * GB, 91.3e6, 1),
    step("buffer", 214, 7.9 * TB, 88.1e6, 0, PAUSED),
    step("link", 0, 0, 0, 0, PAUSED),
    step("archive", 0, 0, 0),
    step("verified", 0, 0, 0),
    step("removed", 28, 0.5 * TB, 0),
  ],
  locations: [
    place("primecam-disk", "telescope", "source", 12.4 * TB, 20 * TB),
    { ...place("chai-disk", "telescope", "source", 0.4 * TB, 4 * TB), suspended: true },
    place("summit-buffer", "telescope", "buffer", 104.4 * TB, 120 * TB),
    place("cologne-buffer", "cologne", "buffer", 1.1 * TB, 60 * TB),
    place("cologne-tape", "cologne", "long_term_archive", 804 * TB, 5_000 * TB),
    place("cologne-work", "cologne", "processing", 12 * TB, 40 * TB),
  ],
  errors: { critical: 1, error: 3, warning: 12, info: 0 },
  recent: [
    event(
      "5",
      "05:58:40",
      "failed",
      "data_transfer",
      "Attempt 7 to cologne-buffer failed: connection timed out",
    ),
    event("6", "05:40:11", "paused", "data_transfer_route", "Route summit-cologne paused until 06:12"),
    event("7", "01:08:12", "given_up", "package_creation", "Given up: checksum of 00042.fits differs"),
  ],
};

/** A site where nothing was filed yet. */
export const emptyInstall: Status = {
  ...greenNight,
  verdict: { level: "green", sentence: "All is well: nothing has been filed yet.", next: null },
  flow: greenNight.flow.map((one) => ({ ...one, packages: 0, bytes: 0, moving: 0, rate: 0 })),
  today: { ...greenNight.today, files: 0, bytes: 0, recent_bytes_per_second: 0, last_filed_at: null },
  packages: { archived: 0 },
  recent: [],
  signs_of_life: [],
};

/** What is open on the bad night. */
export const badWork: Groups = {
  by: "reason",
  at: AT,
  count: 264,
  bytes: 8.4 * TB,
  groups: [
    group(
      "route_circuit_open",
      "Route paused after failures",
      214,
      7.9 * TB,
      "site",
      "2026-03-01T22:14:00Z",
      "2026-03-02T06:12:00Z",
    ),
    group("below_watermark", "Kept while there is room", 28, 0.5 * TB, "automatic", "2026-03-01T20:00:00Z"),
    group("location_disabled", "Location out of service", 12, 40 * GB, "operator", "2026-03-01T18:00:00Z"),
    group("execution_running", "Execution still running", 7, 0, "instrument", "2026-03-02T05:12:00Z"),
    group("given_up", "Given up", 3, 31 * GB, "operator", "2026-03-02T01:08:00Z"),
  ],
};

function step(
  name: FlowStep["step"],
  packages: number,
  bytes: number,
  rate: number,
  moving = 0,
  stop?: readonly [reason: string, text: string, where: string, count: number],
): FlowStep {
  const stopped = stop && { reason: stop[0], text: stop[1], where: stop[2], count: stop[3] };
  return { step: name, packages, bytes, moving, rate, stopped_by: stopped ?? null, given_up: 0 };
}

function place(
  id: string,
  site: string,
  type: LocationStatus["location_type"],
  used: number,
  total: number,
): LocationStatus {
  return {
    id,
    site,
    location_type: type,
    used_bytes: used,
    total_bytes: total,
    measured_at: AT,
    watermark_low: 70,
    watermark_high: 85,
    packages: 0,
    package_bytes: 0,
    files: 0,
    file_bytes: 0,
    enabled: true,
    suspended: false,
    deletes: type === "long_term_archive" ? null : "under_pressure",
  };
}

function event(id: string, time: string, action: string, type: string, message: string): RecentEvent {
  return {
    id: `00000000-0000-4000-8000-00000000000${id}`,
    occurred_at: `2026-03-02T${time}Z`,
    site: "telescope",
    actor: "planner",
    action,
    subject_type: type,
    subject_id: "6e0c2a52-8a2e-4a05-9d7c-3f3a7a1b0c11",
    message,
  };
}

function group(
  key: string,
  text: string,
  count: number,
  bytes: number,
  turn: Groups["groups"][number]["turn"],
  oldest: string,
  next_at: string | null = null,
): Groups["groups"][number] {
  return {
    key,
    text,
    count,
    bytes,
    oldest,
    next: NEXT[key] ?? "",
    next_at,
    turn,
    reason: key,
    reasons: { [key]: count },
    turns: { [turn]: count },
    kinds: { [key === "given_up" ? "package_creation" : "data_transfer"]: count },
    places: { "summit-buffer": count },
    routes: key === "route_circuit_open" ? { "summit-cologne": count } : {},
    error_categories: key === "given_up" ? { checksum_mismatch: count } : {},
    can: { retry: key === "given_up" ? count : 0, cancel: 0 },
  };
}
