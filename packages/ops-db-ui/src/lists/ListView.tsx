import { type ReactNode, useMemo, useRef } from "react";
import type { Operation } from "~/api/operation";
import { operations } from "~/api/operations.gen";
import type { OperationId } from "~/api/permissions";
import type { Problem } from "~/api/problem";
import { useWaitingReasons } from "~/api/waiting-reasons";
import { worded } from "~/api/words";
import { Age } from "~/components/Age";
import { CopyAs } from "~/components/CopyAs";
import { ccatWords } from "~/components/ccat";
import { pathWith } from "~/components/copy-as";
import { ProblemNote } from "~/components/ProblemNote";
import { grouped } from "~/components/quantity";
import { ColumnMenu } from "~/lists/ColumnMenu";
import { type Chip, chipsOf, type Words } from "~/lists/chips";
import { type Column, keyOfRow, type RowLink } from "~/lists/columns";
import { FilterBar } from "~/lists/FilterBar";
import { fieldsOf } from "~/lists/fields";
import { ListBody } from "~/lists/ListBody";
import styles from "~/lists/ListView.module.css";
import type { ListPath, Query, RowOf } from "~/lists/pages";
import type { Preset } from "~/lists/presets";
import { queryOf } from "~/lists/query";
import { SortMenu } from "~/lists/SortMenu";
import {
  type Filters,
  isView,
  readState,
  type Wrong,
  withColumns,
  withFilters,
  withoutValue,
  withSort,
  withView,
} from "~/lists/state";
import { TickedBar } from "~/lists/TickedBar";
import { type RowCount, useListPages, useRowCount } from "~/lists/useListPages";
import { useListSearch } from "~/lists/useListSearch";
import { useTicks } from "~/lists/useTicks";
import { ViewTabs } from "~/lists/ViewTabs";
import { WrongAddress } from "~/lists/WrongAddress";
import { rightNow } from "~/time/now";
import { useSiteTime } from "~/time/site";

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
  /** Key of a row; its `id` or `name` where not given. */
  readonly rowId?: (row: RowOf<P>) => string;
  readonly rowLink?: RowLink<RowOf<P>>;
  /** Whether rows open beside the list where there is room. */
  readonly opensBeside?: boolean;
  /** Filters that the page sets; then the list keeps its own filters out of the address. */
  readonly fixed?: Query;
  /** The order while the person has chosen none; that of the contract where not given. */
  readonly defaultSort?: string;
  /** Filters that the page offers in another way, as in its views. */
  readonly without?: readonly string[];
  /** How values of filters are called, where the contract's names are not for people. */
  readonly words?: Words;
  /** What stands at the end of the bar. */
  readonly beside?: ReactNode;
  /** What can be done with rows that are ticked; without it none can be ticked. */
  readonly verbs?: (rows: readonly RowOf<P>[]) => ReactNode;
  /** Only the rows: the page has views, filters and all else itself. */
  readonly bare?: boolean;
}

const NOTHING: Query = {};
const NONE: readonly string[] = [];
const NO_CHIPS: readonly Chip[] = [];

/** A list of the API: views, filters, order, columns and pages, all of them in the address. */
export function ListView<P extends ListPath>(props: ListViewProps<P>): ReactNode {
  const { columns, fixed = NOTHING, without = NONE, rowId = keyOfRow } = props;
  const words = useWords(props.words);
  const operation: Operation = operations[props.operation];
  const label = props.label ?? worded((props.path.split("/").at(-1) ?? "").replaceAll("-", " "));
  const section = useRef<HTMLElement>(null);
  const [search, setSearch] = useListSearch(props.fixed === undefined);
  const state = readState(operation, search);
  const fields = fieldsOf(operation, Object.keys(fixed));
  const chips = chipsOf(fields, state.filters, words);
  const site = useSiteTime();
  const { filters } = state;
  const sort = state.sort ?? props.defaultSort ?? null;
  const asked = {
    path: props.path,
    pathParams: props.pathParams ?? {},
    named: { ...fixed, ...filters, sort },
    query: () => ({
      ...queryOf(operation, filters, rightNow(), site),
      ...(sort === null ? {} : { sort }),
      ...fixed,
    }),
    rowId,
    enabled: state.wrong.length === 0,
    mayMove: () => isUnread(section.current),
  };
  const path = pathWith(props.path, asked.pathParams);
  const copied = asked.query();
  const list = useListPages<P>(asked);
  const { pages } = list;
  const wrong = [...state.wrong, ...refusedOf(pages, filters)];
  const isCounted = operation.counts && props.bare !== true && pages.data !== undefined;
  const count = useRowCount<P>(asked, isCounted);
  const rows = useMemo(() => pages.data?.pages.flatMap(({ items }) => items) ?? [], [pages.data]);
  const gone = useMemo(() => new Set(pages.data?.pages.flatMap((page) => [...page.gone])), [pages.data]);
  const ticks = useTicks(props.verbs !== undefined, rows, gone, rowId);
  const order = sort ?? operation.defaultSort;
  const view = props.presets?.find(({ query }) => isView(operation, state, query));
  if (pages.data === undefined && pages.error?.permission != null) return <ProblemNote error={pages.error} />;
  const sortBy = (wanted: string | null) => setSearch((before) => withSort(before, wanted));
  return (
    <section ref={section} className={styles.list} aria-label={label} aria-busy={pages.isPlaceholderData}>
      {props.bare !== true && (
        <>
          {props.presets !== undefined && (
            <ViewTabs
              presets={props.presets}
              isShown={({ id }) => id === view?.id}
              onShow={({ query }) => setSearch((before) => withView(operation, before, query))}
            />
          )}
          <div className={styles.bar}>
            <FilterBar
              fields={fields.filter(({ name }) => !without.includes(name))}
              filters={filters}
              chips={chips.filter(({ field }) => !without.includes(field.name))}
              words={words}
              onChange={(changes) => setSearch((before) => withFilters(before, changes))}
            />
            <div className={styles.beside}>
              <HowMany count={count} rows={rows.length} isMore={pages.hasNextPage} />
              <Age of={pages} />
              <SortMenu sorts={operation.sorts} order={order} columns={columns} onSort={sortBy} />
              <ColumnMenu
                columns={columns}
                chosen={state.columns}
                onChoose={(ids) => setSearch((before) => withColumns(before, ids), true)}
              />
              <CopyAs ccat={ccatWords(path, copied)} path={path} query={copied} />
              {props.beside}
            </div>
          </div>
        </>
      )}
      <WrongAddress
        wrong={wrong}
        onRemove={({ name, value }) => setSearch((before) => withoutValue(before, name, value))}
      />
      {wrong.length === 0 && (
        <ListBody
          list={list}
          rows={rows}
          gone={gone}
          selection={ticks.selection}
          label={label}
          columns={columns}
          chosen={state.columns}
          rowId={rowId}
          rowLink={props.rowLink}
          opensBeside={props.opensBeside === true}
          total={count?.exact === true ? count.value : pages.hasNextPage ? null : rows.length}
          order={order}
          sorts={operation.sorts}
          onSort={sortBy}
          chips={view?.empty === undefined ? chips : NO_CHIPS}
          empty={view?.empty ?? props.empty}
          onWithout={({ names }) =>
            setSearch((before) => withFilters(before, Object.fromEntries(names.map((name) => [name, []]))))
          }
        />
      )}
      <TickedBar count={ticks.rows.length} onClear={ticks.clear}>
        {props.verbs?.(ticks.rows)}
      </TickedBar>
    </section>
  );
}

/** What values are called: by the page, and reasons for waiting as everywhere. */
function useWords(own: Words | undefined): Words {
  const reasons = useWaitingReasons();
  return (field, value) =>
    own?.(field, value) ?? (field === "reason" ? (reasons.get(value)?.text ?? null) : null);
}

/** What of an address the API refused: not all that it takes can be told beforehand. */
function refusedOf(
  { data, error }: { readonly data: unknown; readonly error: Problem | null },
  filters: Filters,
): readonly Wrong[] {
  if (data !== undefined || error === null) return [];
  const fields = new Map(error.fields.toReversed().map(({ field, reason }) => [field ?? "", reason]));
  return [...fields].flatMap(([name, reason]) =>
    (filters[name] ?? []).map((value) => ({ name, value, reason: `is refused: ${reason}` })),
  );
}

/** Whether nobody reads the rows of a list: it stands at its top, and no row has the focus. */
function isUnread(list: HTMLElement | null): boolean {
  if (list === null) return true;
  const hasFocus = list.querySelector("[data-row]:focus-within") !== null;
  return !hasFocus && list.getBoundingClientRect().top >= 0;
}

function HowMany({
  count,
  rows,
  isMore,
}: {
  readonly count: RowCount | null;
  readonly rows: number;
  readonly isMore: boolean;
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
  return <span className={styles.count}>{isMore ? `the first ${grouped(rows)}` : grouped(rows)}</span>;
}
