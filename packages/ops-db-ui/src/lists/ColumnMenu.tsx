import { Columns3 } from "lucide-react";
import { Button } from "~/components/Button";
import { Menu } from "~/components/Menu";
import { type Column, shownColumns } from "~/lists/columns";
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
    <Menu
      trigger={
        <Button kind="quiet">
          <Columns3 aria-hidden size={16} />
          Columns
        </Button>
      }
    >
      {({ MenuCheck, MenuItem, MenuLine }) => (
        <>
          {columns.map(({ id, header }) => (
            <MenuCheck
              key={id}
              checked={shown.includes(id)}
              disabled={shown.length === 1 && shown.includes(id)}
              onChange={(isWanted) => choose(id, isWanted)}
            >
              {header}
            </MenuCheck>
          ))}
          <MenuLine />
          <MenuItem onClick={() => onChoose(null)}>Those that fit</MenuItem>
        </>
      )}
    </Menu>
  );
}
