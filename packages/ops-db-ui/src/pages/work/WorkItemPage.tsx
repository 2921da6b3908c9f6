import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function WorkItemPage() {
  return <PageTitle>Work</PageTitle>;
}
