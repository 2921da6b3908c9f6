import { type ReactNode, useMemo } from "react";
import { Cards } from "~/lists/Cards";
import { type Column, keyOfRow, type RowLink, shownColumns } from "~/lists/columns";
import { NARROW, useMedia, WIDE } from "~/lists/media";
import { Table } from "~/lists/Table";

/** What a table shows. */
export interface TableProps<Row> {
  /** Name of the table for those who do not see it. */
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  /** Key of a row; its `id` or `name` where not given. */
  readonly rowId?: (row: Row) => string;
  readonly rowLink?: RowLink<Row>;
  /** Ids of the chosen columns; null: those that fit. */
  readonly chosen?: readonly string[] | null;
  /** Order, with `-` before it for the largest first. */
  readonly sort?: string | null;
  readonly onSort?: (key: string) => void;
  /** How many rows there are; null where nobody knows. */
  readonly total?: number | null;
  /** Keys of rows that are no longer in the list. */
  readonly gone?: ReadonlySet<string>;
  readonly selection?: Selection;
  /** Is told which rows are near the window. */
  readonly onShown?: (first: number, last: number) => void;
}

/** Which rows are ticked. */
export interface Selection {
  readonly keys: ReadonlySet<string>;
  readonly toggle: (key: string) => void;
}

/** Rows as a table, or as cards on a narrow screen. */
export function DataTable<Row>(props: TableProps<Row>): ReactNode {
  const isNarrow = useMedia(NARROW);
  const isWide = useMedia(WIDE);
  const rowId = props.rowId ?? keyOfRow;
  const { columns, chosen = null } = props;
  const shown = useMemo(() => shownColumns(columns, chosen, isWide), [columns, chosen, isWide]);
  if (isNarrow) return <Cards {...props} rowId={rowId} />;
  return <Table {...props} rowId={rowId} columns={shown} />;
}
