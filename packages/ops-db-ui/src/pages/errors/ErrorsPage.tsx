import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function ErrorsPage() {
  return <PageTitle>Errors</PageTitle>;
}
