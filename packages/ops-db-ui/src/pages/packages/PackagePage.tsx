import { PageTitle } from "~/components/PageTitle";

/** TODO of this page's author. */
export function PackagePage() {
  return <PageTitle>Package</PageTitle>;
}
