import type { ReactNode } from "react";
import styles from "~/components/KeyValues.module.css";

/** Names and their values, one below the other; in two columns where there is room. */
export function KeyValues({
  items,
}: {
  readonly items: readonly (readonly [name: string, value: ReactNode])[];
}) {
  return (
    <dl className={styles.list}>
      {items.map(([name, value]) => (
        <div key={name} className={styles.item}>
          <dt>{name}</dt>
          <dd dir="auto">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
