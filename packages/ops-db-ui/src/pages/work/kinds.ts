import type { GetPath } from "~/api/get";
import type { OperationId } from "~/api/permissions";
import { known, worded } from "~/api/words";
import { grouped } from "~/components/quantity";

/** A kind of work: where the API has it and what it is called. */
export interface WorkKind {
  /** Name in addresses, here and in the API. */
  readonly collection: string;
  readonly one: string;
  readonly many: string;
  readonly list: OperationId & `list_${string}`;
  readonly get: OperationId & `get_${string}`;
  readonly retry: OperationId;
  readonly cancel: OperationId;
}

/** Work of all kinds, in the order of the way of the data. */
export const WORK_KINDS = [
  kind("package-creations", "package_creation", "Package creation", "Package creations"),
  kind("data-transfers", "data_transfer", "Transfer", "Transfers"),
  kind("archive-transfers", "archive_transfer", "Archive transfer", "Archive transfers"),
  kind("fixity-checks", "fixity_check", "Check of a copy", "Checks of copies"),
  kind("staging-items", "staging_item", "Staging of an item", "Staging of items"),
  kind("deletions", "deletion", "Deletion", "Deletions"),
] as const;

type Noun =
  | "package_creation"
  | "data_transfer"
  | "archive_transfer"
  | "fixity_check"
  | "staging_item"
  | "deletion";

function kind<C extends string, N extends Noun>(collection: C, noun: N, one: string, many: string) {
  return {
    collection,
    one,
    many,
    list: `list_${noun}s`,
    get: `get_${noun}`,
    retry: `retry_${noun}`,
    cancel: `cancel_${noun}`,
  } as const satisfies WorkKind;
}

/** Return a kind of work by its name in addresses; undefined: there is none. */
export function workKind(collection: string): (typeof WORK_KINDS)[number] | undefined {
  return WORK_KINDS.find((one) => one.collection === collection);
}

/** What open work is called that is no work yet, and work by the name that the API gives its kind. */
const KIND_WORDS: Readonly<Record<string, string>> = {
  package_copy: "Package",
  execution_module: "Files of a module",
  ...Object.fromEntries(WORK_KINDS.map(({ list, one }) => [list.slice("list_".length, -1), one])),
};

/** Return what a kind of open work is called. */
export function kindWord(kind: string): string {
  return known(KIND_WORDS, kind) ?? worded(kind);
}

/** Return how many of a kind of open work, in words: `3 transfers`. */
export function kindCount(kind: string, count: number): string {
  if (kind === "execution_module") return `files of ${grouped(count)} ${count === 1 ? "module" : "modules"}`;
  const known = WORK_KINDS.find(({ list }) => list === `list_${kind}s`);
  const one = kindWord(kind).toLowerCase();
  const many = known?.many.toLowerCase() ?? `${one}s`;
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** What shows work, and so is asked anew when work was changed. */
export const SHOWS_WORK: GetPath[] = [
  "/api/v1/open-work",
  "/api/v1/open-work/groups",
  "/api/v1/status",
  "/api/v1/package-creations",
  "/api/v1/data-transfers",
  "/api/v1/archive-transfers",
  "/api/v1/fixity-checks",
  "/api/v1/staging-items",
  "/api/v1/deletions",
  "/api/v1/package-creations/{work_id}",
  "/api/v1/data-transfers/{work_id}",
  "/api/v1/archive-transfers/{work_id}",
  "/api/v1/fixity-checks/{work_id}",
  "/api/v1/staging-items/{work_id}",
  "/api/v1/deletions/{work_id}",
];
