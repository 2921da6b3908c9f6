import { useGet } from "~/api/get";
import { PageTitle } from "~/components/PageTitle";
import { Panel } from "~/components/Panel";

/** Whether all is well, and if not, what to do. */
export function OverviewPage() {
  const status = useGet("/api/v1/status", {});
  return (
    <>
      <PageTitle>Overview</PageTitle>
      <Panel title="Packages" of={status}>
        {(data) => <p>{data.packages.archived} archived</p>}
      </Panel>
    </>
  );
}
