import { Menu } from "@base-ui/react/menu";
import { ArrowDownUp } from "lucide-react";
import { Button } from "~/components/Button";
import type { Column } from "~/lists/columns";
import styles from "~/lists/Menu.module.css";
import { NARROW, useMedia } from "~/lists/media";
import { sortInWords } from "~/lists/sorts";

/** The order of a list where there are no heads of columns to press. */
export function SortMenu<Row>({
  sorts,
  order,
  columns,
  onSort,
}: {
  readonly sorts: readonly string[];
  readonly order: string | null;
  readonly columns: readonly Column<Row>[];
  readonly onSort: (sort: string) => void;
}) {
  const isNarrow = useMedia(NARROW);
  if (!isNarrow || sorts.length < 2) return null;
  return (
    <Menu.Root>
      <Menu.Trigger render={<Button kind="quiet" />}>
        <ArrowDownUp aria-hidden size={16} />
        Sort
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className={styles.positioner}>
          <Menu.Popup className={styles.menu}>
            <Menu.RadioGroup value={order} onValueChange={onSort}>
              {sorts.map((sort) => (
                <Menu.RadioItem key={sort} value={sort} className={styles.item}>
                  <span className={styles.mark}>
                    <Menu.RadioItemIndicator>●</Menu.RadioItemIndicator>
                  </span>
                  {sortInWords(sort, columns)}
                </Menu.RadioItem>
              ))}
            </Menu.RadioGroup>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
