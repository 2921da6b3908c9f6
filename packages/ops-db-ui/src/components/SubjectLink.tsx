import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";

/** Address of the page of each thing that events, errors and attention cards name; the others have no page. */
const PAGES: Readonly<Record<string, (id: string) => LinkProps>> = {
  raw_data_package: (id) => ({ to: "/packages/$id", params: { id } }),
  executed_obs_unit: (id) => ({ to: "/observations/$id", params: { id } }),
  data_location: (name) => ({ to: "/places/locations/$name", params: { name } }),
  staging_job: (id) => ({ to: "/staging/$id", params: { id } }),
  error_record: (id) => ({ to: "/errors/$id", params: { id } }),
  package_creation: (id) => work("package-creations", id),
  data_transfer: (id) => work("data-transfers", id),
  archive_transfer: (id) => work("archive-transfers", id),
  long_term_archive_transfer: (id) => work("archive-transfers", id),
  fixity_check: (id) => work("fixity-checks", id),
  staging_item: (id) => work("staging-items", id),
  deletion: (id) => work("deletions", id),
};

/** Leads to the page of a thing; plain text where it has none. */
export function SubjectLink({
  type,
  id,
  children,
  ...others
}: {
  readonly type: string;
  readonly id: string;
  readonly children: ReactNode;
  readonly className?: string;
  readonly "data-kind"?: string;
}) {
  const page = Object.hasOwn(PAGES, type) ? PAGES[type] : undefined;
  if (page === undefined) return <>{children}</>;
  return (
    <Link {...page(id)} {...others}>
      {children}
    </Link>
  );
}

function work(kind: string, id: string): LinkProps {
  return { to: "/work/$kind/$id", params: { kind, id } };
}
