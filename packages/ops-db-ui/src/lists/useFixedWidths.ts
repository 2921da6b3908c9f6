import { type RefObject, useLayoutEffect, useState } from "react";

/**
 * Return the share of the width that each column has, once rows come and go while one scrolls.
 *
 * @param columns Whatever changes when other columns are shown.
 */
export function useFixedWidths(
  head: RefObject<HTMLTableRowElement | null>,
  isFixed: boolean,
  columns: string,
): readonly number[] | null {
  const [measured, setMeasured] = useState<{ columns: string; widths: readonly number[] } | null>(null);
  useLayoutEffect(() => {
    const cells = [...(head.current?.cells ?? [])].map((cell) => cell.getBoundingClientRect().width);
    const whole = cells.reduce((sum, width) => sum + width, 0);
    if (isFixed && whole > 0) setMeasured({ columns, widths: cells.map((width) => width / whole) });
  }, [head, isFixed, columns]);
  return isFixed && measured?.columns === columns ? measured.widths : null;
}
