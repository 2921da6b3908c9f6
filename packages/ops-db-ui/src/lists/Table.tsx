import { tableFeatures, useTable } from "@tanstack/react-table";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type ReactNode, useMemo, useRef } from "react";
import { CellContent } from "~/lists/CellContent";
import type { Column } from "~/lists/columns";
import styles from "~/lists/Table.module.css";
import type { TableProps } from "~/lists/table-props";
import { useRowKeys } from "~/lists/useRowKeys";
import { useTableFit } from "~/lists/useTableFit";
import { useVirtualRows } from "~/lists/useVirtualRows";

const FEATURES = tableFeatures({});

type Props<Row> = TableProps<Row> & { readonly rowId: (row: Row) => string };

/** Rows as a table; of many rows only those near the window are in the page. */
export function Table<Row>(props: Props<Row>): ReactNode {
  const { rows, columns, rowId, rowLink, selection, gone } = props;
  const body = useRef<HTMLTableSectionElement>(null);
  const element = useRef<HTMLTableElement>(null);
  const definitions = useMemo(() => columns.map(({ id, header }) => ({ id, header })), [columns]);
  const data = useMemo(() => [...rows] as Record<string, unknown>[] & Row[], [rows]);
  const table = useTable({
    features: FEATURES,
    columns: definitions as never,
    data: data as never,
    getRowId: rowId as never,
  });
  const models = table.getRowModel().rows;
  const virtual = useVirtualRows(body, models.length, props.onShown);
  const { widths, isTight } = useTableFit(element, virtual.isVirtual, columns.map(({ id }) => id).join());
  const rowProps = useRowKeys({ body, rows, rowId, rowLink, selection, scrollTo: virtual.scrollTo });
  const width = columns.length + (selection === undefined ? 0 : 1);
  return (
    <table
      ref={element}
      className={styles.table}
      aria-label={props.label}
      aria-rowcount={props.total === null ? -1 : (props.total ?? rows.length) + 1}
      data-fixed={widths !== null}
      data-tight={isTight}
    >
      {widths !== null && (
        <colgroup>
          {widths.map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: columns by their place
            <col key={index} style={{ width: `${part * 100}%` }} />
          ))}
        </colgroup>
      )}
      <thead className={styles.head}>
        <tr aria-rowindex={1}>
          {selection !== undefined && (
            <th className={styles.tick}>
              <span className="visually-hidden">Selected</span>
            </th>
          )}
          {columns.map((column) => (
            <Head key={column.id} column={column} sort={props.sort ?? null} onSort={props.onSort} />
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {virtual.before > 0 && <Space height={virtual.before} width={width} />}
        {virtual.indexes.map((index) => {
          const model = models[index];
          const row = rows[index];
          if (model === undefined || row === undefined) return null;
          return (
            <tr
              key={model.id}
              {...rowProps(index, row)}
              data-index={index}
              ref={virtual.measure}
              aria-rowindex={index + 2}
              className={styles.row}
              data-gone={gone?.has(model.id) === true}
              data-selected={selection?.keys.has(model.id) === true}
            >
              {selection !== undefined && (
                <td className={styles.tick}>
                  <input
                    type="checkbox"
                    tabIndex={-1}
                    aria-label="Select this row"
                    checked={selection.keys.has(model.id)}
                    onChange={() => selection.toggle(model.id)}
                  />
                </td>
              )}
              {model.getAllCells().map((cell, at) => (
                <td key={cell.id} data-align={columns[at]?.align} data-name={columns[at]?.card === "title"}>
                  <CellContent
                    link={columns[at]?.card === "title" ? rowLink?.(row) : undefined}
                    isGone={columns[at]?.card === "title" && gone?.has(model.id) === true}
                  >
                    {columns[at]?.cell(row)}
                  </CellContent>
                </td>
              ))}
            </tr>
          );
        })}
        {virtual.after > 0 && <Space height={virtual.after} width={width} />}
      </tbody>
    </table>
  );
}

function Space({ height, width }: { readonly height: number; readonly width: number }) {
  return (
    <tr aria-hidden>
      <td colSpan={width} className={styles.space} style={{ height }} />
    </tr>
  );
}

function Head<Row>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<Row>;
  readonly sort: string | null;
  readonly onSort: ((key: string) => void) | undefined;
}) {
  const { header, align } = column;
  if (column.sort === undefined || onSort === undefined) {
    return (
      <th scope="col" data-align={align}>
        {header}
      </th>
    );
  }
  const key = column.sort;
  const direction = sort === key ? "ascending" : sort === `-${key}` ? "descending" : undefined;
  return (
    <th scope="col" data-align={align} aria-sort={direction ?? "none"}>
      <button type="button" className={styles.sort} onClick={() => onSort(key)}>
        {header}
        {direction === "ascending" && <ArrowUp aria-hidden size={14} />}
        {direction === "descending" && <ArrowDown aria-hidden size={14} />}
      </button>
    </th>
  );
}
