import type { ReactNode } from "react";
import { Button } from "~/components/Button";
import { grouped } from "~/components/quantity";
import styles from "~/lists/TickedBar.module.css";

/** How many rows are ticked, and what can be done with them; nothing while none is. */
export function TickedBar({
  count,
  onClear,
  children,
}: {
  readonly count: number;
  readonly onClear: () => void;
  readonly children: ReactNode;
}) {
  if (count === 0) return null;
  return (
    <section className={styles.bar} aria-label="Selected rows">
      <span role="status">{grouped(count)} selected</span>
      {children}
      <Button kind="quiet" onClick={onClear}>
        Clear
      </Button>
    </section>
  );
}
