import type { ReactNode } from "react";
import styles from "~/components/Empty.module.css";

/** Nothing to show: what would be here, and how it gets here or how to see more. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <p className={styles.title}>{title}</p>
      {children}
    </div>
  );
}
