import { useMemo, useState } from "react";
import type { Selection } from "~/lists/table-props";

const NONE: ReadonlySet<string> = new Set();

/** Rows that a person ticked: those of a list that are still in it. */
export interface Ticks<Row> {
  /** What a table shows of it; undefined where rows cannot be ticked. */
  readonly selection: Selection | undefined;
  readonly rows: readonly Row[];
  readonly clear: () => void;
}

/**
 * Return which rows are ticked, and how to tick them.
 *
 * @param gone Keys of rows that are no longer in the list: nothing can be done with them.
 */
export function useTicks<Row>(
  isOffered: boolean,
  rows: readonly Row[],
  gone: ReadonlySet<string>,
  rowId: (row: Row) => string,
): Ticks<Row> {
  const [keys, setKeys] = useState(NONE);
  const selection = useMemo(() => {
    const toggle = (key: string) =>
      setKeys(
        (before) => new Set(before.has(key) ? [...before].filter((one) => one !== key) : [...before, key]),
      );
    return isOffered ? { keys, toggle } : undefined;
  }, [isOffered, keys]);
  const ticked = rows.filter((row) => keys.has(rowId(row)) && !gone.has(rowId(row)));
  return { selection, rows: ticked, clear: () => setKeys(NONE) };
}
