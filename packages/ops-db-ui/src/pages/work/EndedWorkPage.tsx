import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function EndedWorkPage() {
  return <PageTitle>Ended work</PageTitle>;
}
