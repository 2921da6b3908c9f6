import type { ReactNode } from "react";
import { Button } from "~/components/Button";
import { Empty } from "~/components/Empty";
import { Loading } from "~/components/Loading";
import { ProblemNote } from "~/components/ProblemNote";
import { usePanePlace } from "~/components/pane";
import { grouped } from "~/components/quantity";
import type { Chip } from "~/lists/chips";
import type { Column, RowLink } from "~/lists/columns";
import { DataTable } from "~/lists/DataTable";
import styles from "~/lists/ListBody.module.css";
import type { ListPath, RowOf } from "~/lists/pages";
import { nextSort } from "~/lists/sorts";
import type { Selection } from "~/lists/table-props";
import { MOST_PAGES, PAGE_ROWS, type useListPages } from "~/lists/useListPages";
import { useFreshness } from "~/live/freshness";

interface Props<P extends ListPath> {
  readonly list: ReturnType<typeof useListPages<P>>;
  readonly rows: readonly RowOf<P>[];
  /** Keys of rows that are no longer in the list. */
  readonly gone: ReadonlySet<string>;
  readonly selection: Selection | undefined;
  readonly label: string;
  readonly columns: readonly Column<RowOf<P>>[];
  readonly chosen: readonly string[] | null;
  readonly rowId: (row: RowOf<P>) => string;
  readonly rowLink: RowLink<RowOf<P>> | undefined;
  readonly opensBeside: boolean;
  readonly total: number | null;
  readonly order: string | null;
  readonly sorts: readonly string[];
  readonly onSort: (sort: string | null) => void;
  readonly chips: readonly Chip[];
  readonly empty: ReactNode;
  readonly onWithout: (chip: Chip) => void;
}

/** The rows of a list, or why there are none. */
export function ListBody<P extends ListPath>(props: Props<P>): ReactNode {
  const { list, rows, chips } = props;
  const { pages } = list;
  const freshness = useFreshness();
  const error = pages.error ?? list.refreshError;
  const again = () => void (pages.data === undefined ? pages.refetch() : list.refresh());
  const problem = error !== null && <ProblemNote error={error} again={again} />;
  if (pages.data === undefined) return problem || <Loading lines={8} />;
  if (rows.length === 0) {
    return (
      <>
        {problem}
        {chips.length === 0 ? props.empty : <NoneMatch chips={chips} onWithout={props.onWithout} />}
      </>
    );
  }
  return (
    <>
      {problem}
      <div className={styles.rows} data-stale={freshness.state !== "live"}>
        <New count={list.unseen.size} onShow={list.showNew} />
        <DataTable
          label={props.label}
          rows={rows}
          columns={props.columns}
          rowId={props.rowId}
          {...(props.rowLink === undefined ? {} : { rowLink: props.rowLink })}
          opensBeside={props.opensBeside}
          chosen={props.chosen}
          sort={props.order}
          onSort={(key) => props.onSort(nextSort(props.sorts, props.order, key))}
          total={props.total}
          gone={props.gone}
          {...(props.selection === undefined ? {} : { selection: props.selection })}
          onShown={list.onShown}
        />
      </div>
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

/** Stands over the rows, so that it moves none. */
function New({ count, onShow }: { readonly count: number; readonly onShow: () => void }) {
  const scroller = usePanePlace()?.scroller ?? window;
  return (
    <div className={styles.new} role="status">
      {count > 0 && (
        <Button
          kind="main"
          onClick={() => {
            onShow();
            scroller.scrollTo({ top: 0 });
          }}
        >
          {count >= PAGE_ROWS ? `${grouped(PAGE_ROWS)} or more new` : `${count} new`}
        </Button>
      )}
    </div>
  );
}

function NoneMatch({
  chips,
  onWithout,
}: {
  readonly chips: readonly Chip[];
  readonly onWithout: (chip: Chip) => void;
}) {
  return (
    <Empty title="None match.">
      <ul className={styles.without}>
        {chips.map((chip) => (
          <li key={chip.text}>
            <span>{chip.text}</span>
            <Button onClick={() => onWithout(chip)}>
              without it<span className="visually-hidden"> ({chip.text})</span>
            </Button>
          </li>
        ))}
      </ul>
    </Empty>
  );
}
