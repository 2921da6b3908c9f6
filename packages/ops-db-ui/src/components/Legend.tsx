import type { ReactNode } from "react";
import styles from "~/components/Legend.module.css";

/** What the signs of a drawing mean: each sign with its words. */
export function Legend({
  items,
  isHidden = false,
}: {
  readonly items: readonly { readonly sign: ReactNode; readonly words: string }[];
  /** The drawing itself says all of it to those who do not see it. */
  readonly isHidden?: boolean;
}) {
  return (
    <div className={styles.legend} aria-hidden={isHidden}>
      {items.map(({ sign, words }) => (
        <span key={words} className={styles.item}>
          {sign}
          <span>{words}</span>
        </span>
      ))}
    </div>
  );
}
