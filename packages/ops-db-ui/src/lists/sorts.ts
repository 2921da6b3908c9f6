import { worded } from "~/api/words";
import type { Column } from "~/lists/columns";

const TIME = /(_at|since)$/;

/** Return the order after a click on a column: the largest first, then the smallest first. */
export function nextSort(sorts: readonly string[], order: string | null, key: string): string | null {
  const wanted = order === `-${key}` ? key : `-${key}`;
  return sorts.includes(wanted) ? wanted : sorts.includes(key) ? key : order;
}

/** Return an order as people read it: `Started, newest first`. */
export function sortInWords<Row>(sort: string, columns: readonly Column<Row>[]): string {
  const key = sort.replace(/^-/, "");
  const name = columns.find((column) => column.sort === key)?.header ?? worded(key);
  const isDescending = sort !== key;
  if (TIME.test(key)) return `${name}, ${isDescending ? "newest" : "oldest"} first`;
  return `${name}, ${isDescending ? "largest" : "smallest"} first`;
}
