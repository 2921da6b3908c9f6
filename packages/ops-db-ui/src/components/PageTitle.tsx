import { type ReactNode, useEffect, useRef } from "react";
import styles from "~/components/PageTitle.module.css";
import { tabTitle } from "~/components/tab-title";
import { useVerdict } from "~/live/verdict";

/** The title of a page, with what belongs beside it. It takes the focus when the page opens. */
export function PageTitle({
  children,
  title,
  beside,
}: {
  readonly children: ReactNode;
  /** Title of the tab, where the heading is not plain text. */
  readonly title?: string;
  readonly beside?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const text = title ?? (typeof children === "string" ? children : undefined);
  const verdict = useVerdict();
  useEffect(() => {
    // A page that is ready late must not take the focus from a dialog that was opened meanwhile.
    if (document.activeElement?.closest("[role=dialog]") == null)
      heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <header className={styles.title}>
      {text !== undefined && <title>{tabTitle(text, verdict)}</title>}
      <h1 ref={heading} tabIndex={-1}>
        {children}
      </h1>
      {beside !== undefined && <div className={styles.beside}>{beside}</div>}
    </header>
  );
}
