import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function StagingJobPage() {
  return <PageTitle>Staging job</PageTitle>;
}
