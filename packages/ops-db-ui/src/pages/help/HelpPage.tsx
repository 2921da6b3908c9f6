import { PageTitle } from "~/components/PageTitle";

/** The text that explains a page, the terms used there and where to read on. */
export function HelpPage() {
  return <PageTitle>Help</PageTitle>;
}
