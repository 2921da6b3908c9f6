import { Empty } from "~/components/Empty";
import { PageTitle } from "~/components/PageTitle";
import { ListView } from "~/lists/ListView";
import type { Preset } from "~/lists/presets";
import { ERROR_COLUMNS } from "~/pages/errors/error-columns";
import { FIRST_VIEW } from "~/pages/errors/first-view";

const PRESETS: readonly Preset[] = [
  { id: "open", label: "Open", query: FIRST_VIEW },
  { id: "nobody", label: "Open, nobody on it", query: { ...FIRST_VIEW, acknowledged: "false" } },
  { id: "day", label: "Last 24 h", query: { since: "now-24h" } },
  { id: "all", label: "All, also ended", query: { sort: "-last_seen_at" } },
];

/** What is broken, since when, and whether somebody is on it. */
export function ErrorsPage() {
  return (
    <>
      <PageTitle>Errors</PageTitle>
      <ListView
        operation="list_errors"
        path="/api/v1/errors"
        columns={ERROR_COLUMNS}
        presets={PRESETS}
        rowLink={({ id }) => ({ to: "/errors/$id", params: { id } })}
        empty={
          <Empty title="No error was ever recorded here.">
            <p>What a service cannot do, or does only at the third attempt, is recorded and stands here.</p>
          </Empty>
        }
      />
    </>
  );
}
