import type { ErrorComponentProps } from "@tanstack/react-router";
import { Problem } from "~/api/problem";
import { PageTitle } from "~/components/PageTitle";
import { ProblemNote } from "~/components/ProblemNote";

/** A page that cannot be shown. */
export function PageProblem({ error, reset }: ErrorComponentProps) {
  const isMissing = error instanceof Problem && error.status === 404;
  return (
    <>
      <PageTitle>{isMissing ? "Not found" : "This page cannot be shown"}</PageTitle>
      <ProblemNote error={error instanceof Error ? error : new Error(String(error))} again={reset} />
    </>
  );
}
