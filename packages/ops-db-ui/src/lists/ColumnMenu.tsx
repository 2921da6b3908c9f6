import { Menu } from "@base-ui/react/menu";
import { Columns3 } from "lucide-react";
import { Button } from "~/components/Button";
import { type Column, shownColumns } from "~/lists/columns";
import styles from "~/lists/Menu.module.css";
import { NARROW, useMedia, WIDE } from "~/lists/media";

/** Which columns a table shows; cards show all of them. */
export function ColumnMenu<Row>({
  columns,
  chosen,
  onChoose,
}: {
  readonly columns: readonly Column<Row>[];
  readonly chosen: readonly string[] | null;
  readonly onChoose: (ids: readonly string[] | null) => void;
}) {
  const isNarrow = useMedia(NARROW);
  const isWide = useMedia(WIDE);
  const shown = shownColumns(columns, chosen, isWide).map(({ id }) => id);
  if (isNarrow) return null;
  const choose = (id: string, isWanted: boolean) =>
    onChoose(
      columns.map((column) => column.id).filter((one) => (one === id ? isWanted : shown.includes(one))),
    );
  return (
    <Menu.Root>
      <Menu.Trigger render={<Button kind="quiet" />}>
        <Columns3 aria-hidden size={16} />
        Columns
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner sideOffset={4} align="end" className={styles.positioner}>
          <Menu.Popup className={styles.menu}>
            {columns.map(({ id, header }) => (
              <Menu.CheckboxItem
                key={id}
                className={styles.item}
                checked={shown.includes(id)}
                disabled={shown.length === 1 && shown.includes(id)}
                onCheckedChange={(isWanted) => choose(id, isWanted)}
                closeOnClick={false}
              >
                <span className={styles.mark}>
                  <Menu.CheckboxItemIndicator>✓</Menu.CheckboxItemIndicator>
                </span>
                {header}
              </Menu.CheckboxItem>
            ))}
            <Menu.Separator className={styles.line} />
            <Menu.Item className={styles.item} onClick={() => onChoose(null)}>
              <span className={styles.mark} />
              Those that fit
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
