import { type ReactNode, useEffect, useRef } from "react";
import styles from "~/components/PageTitle.module.css";
import { usePanePlace } from "~/components/pane";
import { tabTitle } from "~/components/tab-title";
import { useVerdict } from "~/live/verdict";

/**
 * The title of a page, with what belongs beside it. It takes the focus when the page opens.
 *
 * In the pane beside a list it is a heading below that of the list, which keeps the title of the tab.
 */
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
  const pane = usePanePlace();
  const takesFocus = pane?.takesFocus ?? true;
  const Heading = pane === null ? "h1" : "h2";
  useEffect(() => {
    // A page that is ready late must not take the focus from a dialog that was opened meanwhile.
    if (takesFocus && document.activeElement?.closest("dialog, [role=dialog]") == null)
      heading.current?.focus({ preventScroll: true });
  }, [takesFocus]);
  return (
    <header className={styles.title}>
      {text !== undefined && pane === null && <title>{tabTitle(text, verdict)}</title>}
      <Heading ref={heading} className={styles.heading} tabIndex={-1}>
        {children}
      </Heading>
      {beside !== undefined && <div className={styles.beside}>{beside}</div>}
    </header>
  );
}
