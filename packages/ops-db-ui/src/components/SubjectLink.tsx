import { Link, type LinkProps } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { known } from "~/api/words";
import { WORK_COLLECTIONS } from "~/components/work-collections";

/** Address of the page of each thing that events, errors and attention cards name; the others have no page. */
const PAGES: Readonly<Record<string, (id: string) => LinkProps>> = {
  raw_data_package: (id) => ({ to: "/packages/$id", params: { id } }),
  executed_obs_unit: (id) => ({ to: "/observations/$id", params: { id } }),
  data_location: (name) => ({ to: "/places/locations/$name", params: { name } }),
  staging_job: (id) => ({ to: "/staging/$id", params: { id } }),
  error_record: (id) => ({ to: "/errors/$id", params: { id } }),
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
  const page = pageOf(type, id);
  if (page === null) return <>{children}</>;
  return (
    <Link {...page} {...others}>
      {children}
    </Link>
  );
}

function pageOf(type: string, id: string): LinkProps | null {
  const kind = known(WORK_COLLECTIONS, type);
  if (kind !== undefined) return { to: "/work/$kind/$id", params: { kind, id } };
  return known(PAGES, type)?.(id) ?? null;
}
