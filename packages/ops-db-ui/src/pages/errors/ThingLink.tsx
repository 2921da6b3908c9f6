import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { SubjectLink } from "~/components/SubjectLink";

type ErrorRecord = components["schemas"]["Error"];

/** Leads to what an error concerns; of a file, which has no page of its own, to its observation. */
export function ThingLink({
  of: error,
  children,
}: {
  readonly of: ErrorRecord;
  readonly children: ReactNode;
}) {
  if (error.subject_type === "raw_data_file") return <FileLink id={error.subject_id}>{children}</FileLink>;
  return (
    <SubjectLink type={error.subject_type} id={error.subject_id}>
      {children}
    </SubjectLink>
  );
}

function FileLink({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  const file = useGet(
    "/api/v1/raw-data-files/{file_id}",
    { params: { path: { file_id: id } } },
    { live: false },
  );
  if (file.data === undefined) return children;
  return (
    <Link to="/observations/$id" params={{ id: file.data.execution_id }}>
      {children} ({file.data.relative_path}), in its observation
    </Link>
  );
}
