import { type Answer, useGet } from "~/api/get";
import { operations } from "~/api/operations.gen";
import { Age } from "~/components/Age";
import { CopyAs } from "~/components/CopyAs";
import { Empty } from "~/components/Empty";
import { Loading } from "~/components/Loading";
import { PageTitle } from "~/components/PageTitle";
import { ProblemNote } from "~/components/ProblemNote";
import { Bytes, Count } from "~/components/Quantity";
import { textsOf } from "~/lists/address";
import { chipsOf } from "~/lists/chips";
import { FilterBar } from "~/lists/FilterBar";
import { fieldsOf } from "~/lists/fields";
import { queryOf } from "~/lists/query";
import { isView, readState, withFilters, withoutValue, withView } from "~/lists/state";
import { useListSearch } from "~/lists/useListSearch";
import { ViewTabs } from "~/lists/ViewTabs";
import { WrongAddress } from "~/lists/WrongAddress";
import { GroupBy, groupingOf, wrongGroupings } from "~/pages/work/GroupBy";
import { OpenWorkRows } from "~/pages/work/OpenWorkRows";
import { PRESETS } from "~/pages/work/presets";
import { GroupList } from "~/pages/work/WorkGroup";
import styles from "~/pages/work/WorkPage.module.css";
import { WorkTabs } from "~/pages/work/WorkTabs";
import { rightNow } from "~/time/now";
import { useSiteTime } from "~/time/site";

const LIST = operations.list_open_work;
const FIELDS = fieldsOf(LIST);
const MINUTE = 60_000;

type Groups = Answer<"/api/v1/open-work/groups">;

/** How much is open: what is to be done, and the copies that stay where they are; bytes of each package once. */
function Sum({ of: { bytes, count, groups } }: { readonly of: Groups }) {
  const copies = groups.reduce((sum, { kinds }) => sum + (kinds.package_copy ?? 0), 0);
  return (
    <>
      <Count value={count - copies} one="piece of work is" many="pieces of work are" /> open
      {copies > 0 && (
        <>
          , and <Count value={copies} one="copy stays where it is" many="copies stay where they are" />
        </>
      )}
      : <Bytes value={bytes} />, each package counted once.
    </>
  );
}

/** What waits, where, whose turn it is, and what failed. */
export function WorkPage() {
  const [search, setSearch] = useListSearch(true);
  const by = groupingOf(search.by);
  const state = readState(LIST, search);
  const wrong = [...state.wrong, ...wrongGroupings(search.by)];
  const site = useSiteTime();
  // Ranges such as the last 12 h move by the minute, so that an answer can be kept.
  const minute = new Date(Math.floor(rightNow().getTime() / MINUTE) * MINUTE);
  const query = queryOf(LIST, state.filters, minute, site);
  const groups = useGet(
    "/api/v1/open-work/groups",
    { params: { query: { ...query, ...(by === "none" ? {} : { by }) } } },
    { enabled: wrong.length === 0 },
  );
  // What waits and why, what moves and what needs somebody: of all, not of a part.
  const isWhole = by === "reason" && Object.keys(query).length === 0;
  const chips = chipsOf(FIELDS, state.filters, () => null);
  const open = textsOf(search.open)[0] ?? null;
  return (
    <>
      <PageTitle
        title="Open work"
        beside={
          <>
            <WorkTabs />
            <CopyAs
              ccat={isWhole ? ["ccat", "status"] : null}
              path="/api/v1/open-work"
              query={{ ...query, sort: state.sort ?? undefined }}
            />
          </>
        }
      >
        Work
      </PageTitle>
      <ViewTabs
        presets={PRESETS}
        isShown={({ query }) => isView(LIST, state, query) && (query.by ?? "reason") === by}
        onShow={({ query }) =>
          setSearch(({ by: _by, open: _open, ...before }) => withView(LIST, before, query))
        }
      />
      <div className={styles.bar}>
        <FilterBar
          fields={FIELDS}
          filters={state.filters}
          chips={chips}
          words={() => null}
          onChange={(changes) => setSearch((before) => withFilters(before, changes))}
        />
        <div className={styles.beside}>
          <Age of={groups} />
          <GroupBy
            by={by}
            onChange={(to) =>
              setSearch(({ open: _, ...others }) => ({ ...others, by: to === "reason" ? undefined : to }))
            }
          />
        </div>
      </div>
      <WrongAddress
        wrong={wrong}
        onRemove={({ name, value }) => setSearch((before) => withoutValue(before, name, value))}
      />
      {groups.isError && <ProblemNote error={groups.error} again={() => void groups.refetch()} />}
      {groups.data === undefined && groups.isPending && wrong.length === 0 && <Loading lines={8} />}
      {groups.data !== undefined && groups.data.count > 0 && (
        <p className={styles.sum}>
          <Sum of={groups.data} />
        </p>
      )}
      {groups.data !== undefined && groups.data.count === 0 && (
        <Empty title={chips.length === 0 ? "Nothing is open." : "None match."}>
          <p>
            {chips.length === 0
              ? "Work appears here when files are filed, packages move, copies are checked, staged or deleted."
              : "Take a filter away to see other work."}
          </p>
        </Empty>
      )}
      {groups.data !== undefined &&
        groups.data.count > 0 &&
        (by === "none" ? (
          <OpenWorkRows query={{ ...query, sort: state.sort ?? "waiting_since" }} />
        ) : (
          <GroupList
            by={by}
            groups={groups.data.groups}
            query={query}
            open={open}
            onToggle={(key) =>
              setSearch(
                ({ open: before, ...others }) =>
                  before === key || key === null ? others : { ...others, open: key },
                true,
              )
            }
          />
        ))}
    </>
  );
}
