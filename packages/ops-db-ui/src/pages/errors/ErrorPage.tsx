import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function ErrorPage() {
  return <PageTitle>Error</PageTitle>;
}
