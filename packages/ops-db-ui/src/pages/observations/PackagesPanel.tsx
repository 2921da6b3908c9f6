import { useGet } from "~/api/get";
import { Empty } from "~/components/Empty";
import { Panel } from "~/components/Panel";
import { PackageMatrix } from "~/pages/observations/PackageMatrix";
import { MOST, usePackages } from "~/pages/observations/packages";

/** The packages of an observation with the stages that each has passed. */
export function PackagesPanel({ id, isRunning }: { readonly id: string; readonly isRunning: boolean }) {
  const packages = usePackages(id);
  const locations = useGet(
    "/api/v1/data-locations",
    { params: { query: { retired: true, limit: MOST } } },
    { live: false },
  );
  const sites = new Map(locations.data?.items.map((one) => [one.id, one.site]));
  return (
    <Panel title="Packages" of={packages}>
      {({ items, next_cursor }) =>
        items.length === 0 ? (
          <Empty title="No package yet.">
            <p>
              {isRunning
                ? "The files of each module are packed when there are enough of them, or when the observation ends."
                : "Files are packed soon after the observation ended; without files there is no package."}
            </p>
          </Empty>
        ) : (
          <>
            <PackageMatrix packages={items} siteOf={(location) => sites.get(location)} />
            {next_cursor !== null && <p>Only the first {MOST} packages are shown.</p>}
          </>
        )
      }
    </Panel>
  );
}
