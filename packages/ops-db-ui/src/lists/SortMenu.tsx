import { ArrowDownUp } from "lucide-react";
import { Button } from "~/components/Button";
import { Menu } from "~/components/Menu";
import type { Column } from "~/lists/columns";
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
    <Menu
      trigger={
        <Button kind="quiet">
          <ArrowDownUp aria-hidden size={16} />
          Sort
        </Button>
      }
    >
      {({ MenuChoice }) => (
        <MenuChoice
          title="Order"
          value={order}
          choices={sorts.map((sort) => [sort, sortInWords(sort, columns)] as const)}
          onChange={onSort}
        />
      )}
    </Menu>
  );
}
