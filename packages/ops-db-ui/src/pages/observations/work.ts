const COLLECTIONS: Readonly<Record<string, string>> = {
  package_creation: "package-creations",
  data_transfer: "data-transfers",
  archive_transfer: "archive-transfers",
  long_term_archive_transfer: "archive-transfers",
  fixity_check: "fixity-checks",
  staging_item: "staging-items",
  deletion: "deletions",
};

/** Return where work of a kind is shown; null for what is no work. */
export function addressOfWork(subjectType: string, id: string) {
  const kind = COLLECTIONS[subjectType];
  return kind === undefined ? null : ({ to: "/work/$kind/$id", params: { kind, id } } as const);
}
