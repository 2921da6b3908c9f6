import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function StagingPage() {
  return <PageTitle>Staging</PageTitle>;
}
