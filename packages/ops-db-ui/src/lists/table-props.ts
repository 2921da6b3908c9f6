import type { Column, RowLink } from "~/lists/columns";

/** What a table shows. */
export interface TableProps<Row> {
  /** Name of the table for those who do not see it. */
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  /** Key of a row; its `id` or `name` where not given. */
  readonly rowId?: (row: Row) => string;
  readonly rowLink?: RowLink<Row>;
  /** Whether rows open beside the list where there is room; the route of the page has to take that. */
  readonly opensBeside?: boolean;
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
