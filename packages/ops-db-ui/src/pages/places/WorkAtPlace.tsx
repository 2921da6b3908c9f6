import { useState } from "react";
import { useGet } from "~/api/get";
import { Empty } from "~/components/Empty";
import { Panel } from "~/components/Panel";
import type { Query } from "~/lists/pages";
import { GroupList } from "~/pages/work/WorkGroup";

/** Copies that stay are no work; the page says above why they do. */
export const NO_WORK: "package_copy"[] = ["package_copy"];

/** Open work at a place, and on its way to it, in groups by reason. */
export function WorkAtPlace({ name }: { readonly name: string }) {
  return (
    <>
      <Groups
        title="Open work here"
        query={{ place: [name], kind_not: NO_WORK }}
        empty="Nothing waits or moves here, and nothing was given up."
      />
      <Groups
        title="On its way here"
        query={{ to: [name], place_not: [name], kind_not: NO_WORK }}
        empty={null}
      />
    </>
  );
}

function Groups({
  title,
  query,
  empty,
}: {
  readonly title: string;
  readonly query: Query;
  /** What is said where there is none; null: nothing. */
  readonly empty: string | null;
}) {
  const groups = useGet("/api/v1/open-work/groups", { params: { query: { ...query, by: "reason" } } });
  const [open, setOpen] = useState<string | null>(null);
  if (empty === null && (groups.data === undefined || groups.data.count === 0)) return null;
  return (
    <Panel title={title} of={groups}>
      {(data) =>
        data.count === 0 ? (
          <Empty title={empty ?? ""} />
        ) : (
          <GroupList
            by="reason"
            groups={data.groups}
            query={query}
            open={open}
            onToggle={(key) => setOpen((before) => (before === key ? null : key))}
          />
        )
      }
    </Panel>
  );
}
