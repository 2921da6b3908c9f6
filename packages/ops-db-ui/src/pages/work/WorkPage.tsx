import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function WorkPage() {
  return <PageTitle>Work</PageTitle>;
}
