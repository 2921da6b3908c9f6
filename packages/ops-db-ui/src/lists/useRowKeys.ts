import { useNavigate, useRouter } from "@tanstack/react-router";
import { type KeyboardEvent, type MouseEvent, type RefObject, useEffect, useRef, useState } from "react";
import type { RowLink } from "~/lists/columns";
import type { Selection } from "~/lists/table-props";
import { usePaneAddress } from "~/lists/usePane";
import { pageOf } from "~/lists/useRowLink";
import { rememberList } from "~/shell/came-from";

const INTERACTIVE = "a, button, input, select, textarea, label, summary, [role=button], [role=menuitem]";
const STEPS: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

interface Given<Row> {
  /** What holds the rows. */
  readonly body: RefObject<HTMLElement | null>;
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
  readonly rowLink: RowLink<Row> | undefined;
  readonly selection: Selection | undefined;
  readonly scrollTo: (index: number) => void;
}

/** One row of a list has the focus; `j`, `k` and the arrows move it, `Enter` opens, `x` ticks. */
export function useRowKeys<Row>({ body, rows, rowId, rowLink, selection, scrollTo }: Given<Row>) {
  const [current, setCurrent] = useState<string | null>(null);
  const wanted = useRef<string | null>(null);
  const navigate = useNavigate();
  const router = useRouter();
  const pane = usePaneAddress();
  useEffect(() => {
    if (rowLink === undefined) return;
    rememberList(body, () => rows.map((row) => pageOf(router, rowLink(row))));
  }, [body, rows, rowLink, router]);
  const at = rows.findIndex((row) => rowId(row) === current);
  useEffect(() => {
    // A row that a key led to may come into the page only after the list has scrolled there.
    if (wanted.current === null) return;
    const row = body.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(wanted.current)}"]`);
    if (row == null) return;
    wanted.current = null;
    row.focus();
  });
  const open = (row: Row) => {
    const link = rowLink?.(row);
    if (link !== undefined) void navigate(link as Parameters<typeof navigate>[0]);
  };
  const go = (index: number) => {
    const row = rows[index];
    if (row === undefined) return;
    wanted.current = rowId(row);
    setCurrent(rowId(row));
    scrollTo(index);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>, index: number, row: Row) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (step !== undefined) go(index + step);
    else if (event.key === "Enter") open(row);
    else if (event.key === "x" && selection !== undefined) selection.toggle(rowId(row));
    else return;
    event.preventDefault();
  };
  const onClick = (event: MouseEvent<HTMLElement>, row: Row) => {
    const isInteractive = event.target instanceof Element && event.target.closest(INTERACTIVE) !== null;
    if (!isInteractive && String(window.getSelection() ?? "") === "") open(row);
  };
  const isBeside = (row: Row) =>
    pane !== null && rowLink !== undefined && pageOf(router, rowLink(row)) === pane;
  return (index: number, row: Row) => ({
    "data-row": rowId(row),
    "data-open": rowLink !== undefined,
    "aria-current": isBeside(row) ? ("true" as const) : undefined,
    tabIndex: index === Math.max(0, at) ? 0 : -1,
    onFocus: () => setCurrent(rowId(row)),
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => onKeyDown(event, index, row),
    onClick: (event: MouseEvent<HTMLElement>) => onClick(event, row),
  });
}
