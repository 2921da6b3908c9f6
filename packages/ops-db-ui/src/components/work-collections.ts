/** Where work of each type stands in addresses, by the name that events, errors and life lines give it. */
export const WORK_COLLECTIONS: Readonly<Record<string, string>> = {
  package_creation: "package-creations",
  data_transfer: "data-transfers",
  archive_transfer: "archive-transfers",
  long_term_archive_transfer: "archive-transfers",
  fixity_check: "fixity-checks",
  staging_item: "staging-items",
  deletion: "deletions",
};
