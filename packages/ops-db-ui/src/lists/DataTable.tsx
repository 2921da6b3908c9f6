import { type ReactNode, useMemo } from "react";
import { Cards } from "~/lists/Cards";
import { keyOfRow, shownColumns } from "~/lists/columns";
import { NARROW, useMedia, WIDE } from "~/lists/media";
import { Table } from "~/lists/Table";
import type { TableProps } from "~/lists/table-props";

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
