import { type ReactNode, useRef } from "react";
import styles from "~/lists/Cards.module.css";
import { CellContent } from "~/lists/CellContent";
import type { Column } from "~/lists/columns";
import type { TableProps } from "~/lists/table-props";
import { useRowKeys } from "~/lists/useRowKeys";
import { useVirtualRows } from "~/lists/useVirtualRows";

/** Rows as cards, for narrow screens: name, state, why and time; the rest is folded. */
export function Cards<Row>(props: TableProps<Row> & { readonly rowId: (row: Row) => string }): ReactNode {
  const { rows, rowId, rowLink, selection, gone } = props;
  const body = useRef<HTMLUListElement>(null);
  const virtual = useVirtualRows(body, rows.length, props.onShown);
  const rowProps = useRowKeys({ body, rows, rowId, rowLink, selection, scrollTo: virtual.scrollTo });
  return (
    <ul className={styles.cards} aria-label={props.label} ref={body}>
      {virtual.before > 0 && <li aria-hidden style={{ height: virtual.before }} />}
      {virtual.indexes.map((index) => {
        const row = rows[index];
        if (row === undefined) return null;
        const key = rowId(row);
        return (
          <li
            key={key}
            {...rowProps(index, row)}
            data-index={index}
            ref={virtual.measure}
            className={styles.item}
            data-gone={gone?.has(key) === true}
            data-selected={selection?.keys.has(key) === true}
          >
            <Card
              {...props}
              row={row}
              ticked={selection?.keys.has(key) === true}
              isGone={gone?.has(key) === true}
              id={key}
            />
          </li>
        );
      })}
      {virtual.after > 0 && <li aria-hidden style={{ height: virtual.after }} />}
    </ul>
  );
}

function Card<Row>({
  columns,
  row,
  rowLink,
  selection,
  ticked,
  isGone,
  id,
}: TableProps<Row> & {
  readonly row: Row;
  readonly ticked: boolean;
  readonly isGone: boolean;
  readonly id: string;
}) {
  const at = (place: Column<Row>["card"]) => columns.filter(({ card }) => (card ?? "fold") === place);
  const folded = at("fold");
  return (
    <div className={styles.card}>
      <div className={styles.first}>
        {selection !== undefined && (
          <input
            type="checkbox"
            aria-label="Select this row"
            checked={ticked}
            onChange={() => selection.toggle(id)}
          />
        )}
        {at("title").map((column) => (
          <div key={column.id} className={styles.title}>
            <CellContent link={rowLink?.(row)} isGone={isGone}>
              {column.cell(row)}
            </CellContent>
          </div>
        ))}
        {at("state").map((column) => (
          <div key={column.id}>{column.cell(row)}</div>
        ))}
      </div>
      {at("why").map((column) => (
        <div key={column.id} className={styles.line}>
          {column.cell(row)}
        </div>
      ))}
      {at("time").map((column) => (
        <div key={column.id} className={styles.time}>
          <span>{column.header}</span> {column.cell(row)}
        </div>
      ))}
      {folded.length > 0 && (
        <details className={styles.rest}>
          <summary>More</summary>
          <dl>
            {folded.map((column) => (
              <div key={column.id}>
                <dt>{column.header}</dt>
                <dd>{column.cell(row)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  );
}
