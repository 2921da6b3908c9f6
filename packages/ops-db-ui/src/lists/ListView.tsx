import type { ReactNode } from "react";
import { useMe } from "~/api/me";
import type { Operation } from "~/api/operation";
import { operations } from "~/api/operations.gen";
import { may, type OperationId } from "~/api/permissions";
import { Age } from "~/components/Age";
import { Button } from "~/components/Button";
import { Empty } from "~/components/Empty";
import { Loading } from "~/components/Loading";
import { ProblemNote } from "~/components/ProblemNote";
import { grouped } from "~/components/quantity";
import type { Search } from "~/lists/address";
import { ColumnMenu } from "~/lists/ColumnMenu";
import { type Chip, chipsOf, type Words } from "~/lists/chips";
import type { Column, RowLink } from "~/lists/columns";
import { DataTable } from "~/lists/DataTable";
import { FilterBar } from "~/lists/FilterBar";
import { Forbidden } from "~/lists/Forbidden";
import { fieldsOf, worded } from "~/lists/fields";
import styles from "~/lists/ListView.module.css";
import type { ListPath, Query, RowCount, RowOf } from "~/lists/pages";
import {
  isView,
  type ListState,
  readState,
  withColumns,
  withFilter,
  withoutValue,
  withSort,
  withView,
} from "~/lists/state";
import { momentOf } from "~/lists/times";
import { MOST_PAGES, PAGE_ROWS, useListPages } from "~/lists/useListPages";
import { type SetSearch, useListSearch } from "~/lists/useListSearch";
import { ViewTabs } from "~/lists/ViewTabs";
import { WrongAddress } from "~/lists/WrongAddress";
import { useSiteTime } from "~/time/site";

/** A named choice of filters and order. */
export interface Preset {
  readonly id: string;
  readonly label: string;
  readonly query: Search;
}

/** What a list shows. */
export interface ListViewProps<P extends ListPath> {
  readonly operation: OperationId;
  readonly path: P;
  readonly pathParams?: Readonly<Record<string, string>>;
  /** What the rows are, for those who do not see the table; the last part of `path` where not given. */
  readonly label?: string;
  readonly columns: readonly Column<RowOf<P>>[];
  readonly presets?: readonly Preset[];
  /** What would be here, and how it gets here. */
  readonly empty: ReactNode;
  readonly rowId?: (row: RowOf<P>) => string;
  readonly rowLink?: RowLink<RowOf<P>>;
  /** Filters that the page sets; then the list keeps its own filters out of the address. */
  readonly fixed?: Query;
  /** How values of filters are called, where the contract's names are not for people. */
  readonly words?: Words;
  /** What stands at the end of the bar: *copy as*, for example. */
  readonly beside?: ReactNode;
}

const NO_WORDS: Words = () => null;
const NOTHING: Query = {};

/** A list of the API: views, filters, order, columns and pages, all of them in the address. */
export function ListView<P extends ListPath>(props: ListViewProps<P>): ReactNode {
  const me = useMe();
  if (!may(me, props.operation)) return <Forbidden operation={props.operation} />;
  return <AllowedList {...props} />;
}

function AllowedList<P extends ListPath>(props: ListViewProps<P>) {
  const operation: Operation = operations[props.operation];
  const fixed = props.fixed ?? NOTHING;
  const label = props.label ?? worded((props.path.split("/").at(-1) ?? "").replaceAll("-", " "));
  const [search, setSearch] = useListSearch(props.fixed === undefined);
  const state = readState(operation, search);
  const fields = fieldsOf(operation, Object.keys(fixed));
  const chips = chipsOf(fields, state.filters, props.words ?? NO_WORDS);
  const site = useSiteTime();
  const { filters, sort } = state;
  const pages = useListPages<P>({
    path: props.path,
    pathParams: props.pathParams ?? {},
    named: { ...fixed, ...filters, sort },
    query: () => ({
      ...(sort === null ? {} : { sort }),
      ...Object.fromEntries(
        Object.entries(filters).map(([name, values]) => [
          name,
          operation.filters.find((filter) => filter.name === name)?.type === "time"
            ? values.map((text) => momentOf(text, /until$/.test(name), new Date(), site))
            : values,
        ]),
      ),
      ...fixed,
    }),
    enabled: state.wrong.length === 0,
  });
  const rows = pages.data?.pages.flatMap(({ items }) => items) ?? [];
  const count = pages.data?.pages[0]?.count ?? null;
  return (
    <section className={styles.list} aria-label={label} aria-busy={pages.isPlaceholderData}>
      {props.presets !== undefined && (
        <ViewTabs
          presets={props.presets}
          isShown={({ query }) => isView(operation, state, query)}
          onShow={({ query }) => setSearch((before) => withView(operation, before, query))}
        />
      )}
      <div className={styles.bar}>
        <FilterBar
          fields={fields}
          filters={filters}
          chips={chips}
          words={props.words ?? NO_WORDS}
          onChange={(changes) => setSearch((before) => changed(before, changes))}
        />
        <div className={styles.beside}>
          <HowMany count={count} rows={rows.length} more={pages.hasNextPage} />
          <Age of={pages} />
          <ColumnMenu
            columns={props.columns}
            chosen={state.columns}
            onChoose={(ids) => setSearch((before) => withColumns(before, ids), true)}
          />
          {props.beside}
        </div>
      </div>
      <WrongAddress
        wrong={state.wrong}
        onRemove={({ name, value }) => setSearch((before) => withoutValue(before, name, value))}
      />
      <Body
        {...props}
        label={label}
        state={state}
        chips={chips}
        rows={rows}
        pages={pages}
        total={count?.exact === true ? count.value : pages.hasNextPage ? null : rows.length}
        order={sort ?? operation.defaultSort}
        sorts={operation.sorts}
        setSearch={setSearch}
      />
    </section>
  );
}

function changed(search: Search, changes: Readonly<Record<string, readonly string[]>>): Search {
  return Object.entries(changes).reduce((now, [name, values]) => withFilter(now, name, values), search);
}

function Body<P extends ListPath>(
  props: ListViewProps<P> & {
    readonly label: string;
    readonly state: ListState;
    readonly chips: readonly Chip[];
    readonly rows: readonly RowOf<P>[];
    readonly pages: ReturnType<typeof useListPages<P>>;
    readonly total: number | null;
    readonly order: string | null;
    readonly sorts: readonly string[];
    readonly setSearch: SetSearch;
  },
) {
  const { pages, rows, state, setSearch } = props;
  if (state.wrong.length > 0) return null;
  const problem = pages.isError && <ProblemNote error={pages.error} again={() => void pages.refetch()} />;
  if (pages.data === undefined) return problem || <Loading lines={8} />;
  if (rows.length === 0) {
    return (
      <>
        {problem}
        {props.chips.length === 0 ? props.empty : <NoneMatch chips={props.chips} setSearch={setSearch} />}
      </>
    );
  }
  return (
    <>
      {problem}
      <DataTable
        label={props.label}
        rows={rows}
        columns={props.columns}
        {...(props.rowId === undefined ? {} : { rowId: props.rowId })}
        {...(props.rowLink === undefined ? {} : { rowLink: props.rowLink })}
        chosen={state.columns}
        sort={props.order}
        onSort={(key) => setSearch((before) => withSort(before, nextSort(props.sorts, props.order, key)))}
        total={props.total}
      />
      {pages.hasNextPage && (
        <Button
          className={styles.more ?? ""}
          aria-disabled={pages.isFetchingNextPage}
          onClick={() => pages.isFetchingNextPage || void pages.fetchNextPage()}
        >
          {pages.isFetchingNextPage ? "Loading more" : "Load more"}
        </Button>
      )}
      {!pages.hasNextPage && pages.data.pages.length >= MOST_PAGES && (
        <p className={styles.end}>
          These are the first {grouped(MOST_PAGES * PAGE_ROWS)}. Narrow the filters to see others.
        </p>
      )}
    </>
  );
}

/** The largest first, then the smallest first, as far as the contract has both. */
function nextSort(sorts: readonly string[], order: string | null, key: string): string | null {
  const wanted = order === `-${key}` ? key : `-${key}`;
  return sorts.includes(wanted) ? wanted : sorts.includes(key) ? key : order;
}

function NoneMatch({ chips, setSearch }: { readonly chips: readonly Chip[]; readonly setSearch: SetSearch }) {
  return (
    <Empty title="None match.">
      <ul className={styles.without}>
        {chips.map(({ text, names }) => (
          <li key={text}>
            <span>{text}</span>
            <Button
              onClick={() =>
                setSearch((before) => names.reduce((now, name) => withFilter(now, name, []), before))
              }
            >
              without it
            </Button>
          </li>
        ))}
      </ul>
    </Empty>
  );
}

function HowMany({
  count,
  rows,
  more,
}: {
  readonly count: RowCount | null;
  readonly rows: number;
  readonly more: boolean;
}) {
  if (count !== null) {
    return (
      <span className={styles.count}>
        {count.exact ? "" : "about "}
        {grouped(count.value)}
      </span>
    );
  }
  if (rows === 0) return null;
  return <span className={styles.count}>{more ? `${grouped(rows)} shown, more follow` : grouped(rows)}</span>;
}
