import { ChevronRight } from "lucide-react";
import { type ReactNode, useId } from "react";
import { NARROW, useMedia } from "~/lists/media";
import styles from "~/pages/overview/Part.module.css";

/** A part of the Overview with its heading; on narrow screens it may be folded. */
export function Part({
  title,
  beside,
  folded,
  children,
}: {
  readonly title: string;
  readonly beside?: ReactNode;
  /** Given: narrow screens show only the heading with this, until it is opened. */
  readonly folded?: ReactNode;
  readonly children: ReactNode;
}) {
  const id = useId();
  const isNarrow = useMedia(NARROW);
  const heading = (
    <h2 id={id} className={styles.title}>
      {title}
    </h2>
  );
  if (folded !== undefined && isNarrow) {
    return (
      <section aria-labelledby={id} className={styles.part}>
        <details className={styles.fold}>
          <summary className={styles.head}>
            {heading}
            <span className={styles.folded}>{folded}</span>
            <ChevronRight aria-hidden size={16} className={styles.mark} />
          </summary>
          {children}
        </details>
      </section>
    );
  }
  return (
    <section aria-labelledby={id} className={styles.part}>
      <div className={styles.head}>
        {heading}
        {beside}
      </div>
      {children}
    </section>
  );
}
