import { type RefObject, useEffect, useLayoutEffect, useState } from "react";

/** How the columns of a table share its width. */
export interface TableFit {
  /** Share of each column, once rows come and go while one scrolls; null: as their contents want. */
  readonly widths: readonly number[] | null;
  /** Whether words have to break anywhere, because the table would be wider than its place. */
  readonly isTight: boolean;
}

/**
 * Return how a table fits into its place; it never scrolls to the side.
 *
 * @param columns Whatever changes when other columns are shown.
 */
export function useTableFit(
  table: RefObject<HTMLTableElement | null>,
  isFixed: boolean,
  columns: string,
): TableFit {
  const [place, setPlace] = useState(0);
  const [tight, setTight] = useState<string | null>(null);
  const [fixed, setFixed] = useState<{ layout: string; widths: readonly number[] } | null>(null);
  const layout = `${columns} ${place}`;
  const isTight = tight === layout;
  useEffect(() => {
    const parent = table.current?.parentElement;
    if (parent == null) return;
    const observer = new ResizeObserver(() => setPlace(parent.clientWidth));
    observer.observe(parent);
    return () => observer.disconnect();
  }, [table]);
  useLayoutEffect(() => {
    const element = table.current;
    const parent = element?.parentElement;
    if (element == null || parent == null || fixed?.layout === layout) return;
    if (!isTight && element.offsetWidth > parent.clientWidth) return setTight(layout);
    const cells = [...(element.tHead?.rows[0]?.cells ?? [])];
    const widths = cells.map((cell) => cell.getBoundingClientRect().width / element.offsetWidth);
    if (isFixed) setFixed({ layout, widths });
  });
  return { widths: isFixed && fixed?.layout === layout ? fixed.widths : null, isTight };
}
