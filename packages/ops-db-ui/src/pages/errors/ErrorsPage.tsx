import { useMemo } from "react";
import { useMe } from "~/api/me";
import { Empty } from "~/components/Empty";
import { PageTitle } from "~/components/PageTitle";
import { ListView } from "~/lists/ListView";
import type { Preset } from "~/lists/presets";
import { ERROR_COLUMNS } from "~/pages/errors/error-columns";
import { FIRST_VIEW } from "~/pages/errors/first-view";
import { NoneOpen } from "~/pages/errors/NoneOpen";
import { Outages } from "~/pages/errors/Outages";

const presetsAt = (site: string): readonly Preset[] => [
  { id: "open", label: "Open", query: FIRST_VIEW, empty: <NoneOpen /> },
  { id: "nobody", label: "Open, nobody on it", query: { ...FIRST_VIEW, acknowledged: "false" } },
  { id: "here", label: "Open, at this site", query: { ...FIRST_VIEW, site } },
  { id: "day", label: "Last 24 h", query: { since: "now-24h" } },
  { id: "all", label: "All, also ended", query: { sort: "-last_seen_at" } },
];

/** What is broken, since when, and whether somebody is on it. */
export function ErrorsPage() {
  const { site } = useMe();
  const presets = useMemo(() => presetsAt(site.id), [site.id]);
  return (
    <>
      <PageTitle>Errors</PageTitle>
      <Outages />
      <ListView
        operation="list_errors"
        path="/api/v1/errors"
        columns={ERROR_COLUMNS}
        presets={presets}
        rowLink={({ id }) => ({ to: "/errors/$id", params: { id } })}
        opensBeside
        empty={
          <Empty title="No error was ever recorded here.">
            <p>What a service cannot do, or does only at the third attempt, is recorded and stands here.</p>
          </Empty>
        }
      />
    </>
  );
}
