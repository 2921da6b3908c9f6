import { type ReactNode, useMemo } from "react";
import { Cards } from "~/lists/Cards";
import { keyOfRow, shownColumns } from "~/lists/columns";
import { NARROW, useMedia, WIDE, WIDE_SPLIT } from "~/lists/media";
import { Table } from "~/lists/Table";
import type { TableProps } from "~/lists/table-props";
import { useIsSplit } from "~/lists/usePane";
import { useRowLink } from "~/lists/useRowLink";

/** Rows as a table, or as cards on a narrow screen. */
export function DataTable<Row>(props: TableProps<Row>): ReactNode {
  const isNarrow = useMedia(NARROW);
  const isWide = useMedia(useIsSplit() ? WIDE_SPLIT : WIDE);
  const rowLink = useRowLink(props.rowLink, props.opensBeside === true);
  const rowId = props.rowId ?? keyOfRow;
  const { columns, chosen = null } = props;
  const shown = useMemo(() => shownColumns(columns, chosen, isWide), [columns, chosen, isWide]);
  const links = rowLink === undefined ? {} : { rowLink };
  if (isNarrow) return <Cards {...props} {...links} rowId={rowId} />;
  return <Table {...props} {...links} rowId={rowId} columns={shown} />;
}
