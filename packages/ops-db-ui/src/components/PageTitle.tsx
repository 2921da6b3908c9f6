import { type ReactNode, useEffect, useRef } from "react";
import styles from "~/components/PageTitle.module.css";
import { usePanePlace } from "~/components/pane";
import { tabTitle } from "~/components/tab-title";
import { useVerdict } from "~/live/verdict";

/** Address of the page that is open. */
let opened: string | null = null;

/** Whether somebody went on meanwhile: to a dialog, or to anything else while an open page became ready. */
function isElsewhere(isPage: boolean): boolean {
  const at = document.activeElement;
  if (at === null || at === document.body) return false;
  return at.closest("dialog, [role=dialog]") !== null || (isPage && opened === location.pathname);
}

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
  const isPage = pane === null;
  useEffect(() => {
    if (takesFocus && !isElsewhere(isPage)) heading.current?.focus({ preventScroll: true });
    if (isPage) opened = location.pathname;
  }, [takesFocus, isPage]);
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
