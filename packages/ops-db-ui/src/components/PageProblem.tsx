import type { ErrorComponentProps } from "@tanstack/react-router";
import { useEffect } from "react";
import { Problem } from "~/api/problem";
import { PageTitle } from "~/components/PageTitle";
import { ProblemNote } from "~/components/ProblemNote";
import { MissingPart } from "~/shell/MissingPart";
import { isPartMissing, reloadForNewVersion } from "~/shell/new-version";

/** A page that cannot be shown. */
export function PageProblem({ error, reset }: ErrorComponentProps) {
  if (isPartMissing(error)) return <MissingPage />;
  const isMissing = error instanceof Problem && error.status === 404;
  return (
    <>
      <PageTitle>{isMissing ? "Not found" : "This page cannot be shown"}</PageTitle>
      <ProblemNote error={error instanceof Error ? error : new Error(String(error))} again={reset} />
    </>
  );
}

/** A page that could not be loaded: that of an older version is loaded anew by itself. */
function MissingPage() {
  useEffect(() => void reloadForNewVersion(), []);
  return (
    <>
      <PageTitle>This page could not be loaded</PageTitle>
      <MissingPart />
    </>
  );
}
