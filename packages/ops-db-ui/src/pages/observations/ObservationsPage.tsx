import { Empty } from "~/components/Empty";
import { PageTitle } from "~/components/PageTitle";
import { ListView } from "~/lists/ListView";
import type { Preset } from "~/lists/presets";
import { COLUMNS } from "~/pages/observations/columns";

const PRESETS: readonly Preset[] = [
  { id: "all", label: "All", query: {} },
  {
    id: "last-night",
    label: "Last night",
    query: { night: "last" },
    empty: <Empty title="Nothing was observed last night." />,
  },
  {
    id: "running",
    label: "Running",
    query: { status: "running" },
    empty: <Empty title="No observation is running." />,
  },
  {
    id: "needs-somebody",
    label: "Needs somebody",
    query: { needs_somebody: "true" },
    empty: <Empty title="No observation needs anybody." />,
  },
  {
    id: "not-archived",
    label: "Not archived",
    query: { archived: "false" },
    empty: <Empty title="Everything that was filed is archived." />,
  },
  {
    id: "late",
    label: "Not archived after a day",
    query: { archived: "false", until: "now-1d" },
    empty: <Empty title="Everything that was filed more than a day ago is archived." />,
  },
];

/** What was observed, when, and whether one can have it. */
export function ObservationsPage() {
  return (
    <>
      <PageTitle>Observations</PageTitle>
      <ListView
        operation="list_executions"
        path="/api/v1/executed-obs-units"
        label="Observations"
        columns={COLUMNS}
        presets={PRESETS}
        rowLink={({ id }) => ({ to: "/observations/$id", params: { id } })}
        opensBeside
        empty={
          <Empty title="Nothing has been observed yet.">
            <p>
              An observation appears here as soon as an instrument starts it: <code>ccat obs start</code>, or
              the same call of the API.
            </p>
          </Empty>
        }
      />
    </>
  );
}
