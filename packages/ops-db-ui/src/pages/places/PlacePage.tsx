import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function PlacePage() {
  return <PageTitle>Place</PageTitle>;
}
