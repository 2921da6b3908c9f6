import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function ObservationPage() {
  return <PageTitle>Observation</PageTitle>;
}
