import type { ErrorComponentProps } from "@tanstack/react-router";
import { PageTitle } from "~/components/PageTitle";
import { ProblemNote } from "~/components/ProblemNote";

/** A page that cannot be shown. */
export function PageProblem({ error, reset }: ErrorComponentProps) {
  return (
    <>
      <PageTitle>This page cannot be shown</PageTitle>
      <ProblemNote error={error instanceof Error ? error : new Error(String(error))} again={reset} />
    </>
  );
}
