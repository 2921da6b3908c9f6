import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function ObservationsPage() {
  return <PageTitle>Observations</PageTitle>;
}
