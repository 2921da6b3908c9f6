import { type AnyRouter, CatchBoundary, Link, useRouter } from "@tanstack/react-router";
import { Maximize2, X } from "lucide-react";
import { type RefObject, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { Button } from "~/components/Button";
import buttonStyles from "~/components/Button.module.css";
import { Loading } from "~/components/Loading";
import { NotFound } from "~/components/NotFound";
import { PageProblem } from "~/components/PageProblem";
import { PaneContext } from "~/components/pane";
import { ROOMY, useMedia } from "~/lists/media";
import { withPane } from "~/lists/state";
import { usePaneAddress } from "~/lists/usePane";
import styles from "~/shell/Pane.module.css";
import { panePage } from "~/shell/pane-pages";
import { focusRow, rowBeside } from "~/shell/targets";

/** What stood on the page before the address changed last. */
interface Before {
  /** Whether it was the same list. */
  readonly isSame: boolean;
  /** The row whose page was open beside it. */
  readonly row: HTMLElement | null;
}

/** Take away what stands beside the list. */
export function closePane(router: AnyRouter): void {
  showBeside(router, null);
}

/** Show another page beside the list; null: none. Going back shows the one before. */
export function showBeside(router: AnyRouter, path: string | null): void {
  const search = (before: Record<string, unknown>) => withPane(before, path);
  void router.navigate({ to: ".", search: search as never, resetScroll: false });
}

/** The page of a row beside its list, where there is room for both. */
export function Pane() {
  const path = usePaneAddress();
  const isRoomy = useMedia(ROOMY);
  const before = useBefore();
  useFocusAfter(path, before);
  if (path === null || !isRoomy) return null;
  return <OpenPane key={path} path={path} before={before} />;
}

/** On a screen without room for both: leads to what the address has beside the list. */
export function PaneElsewhere() {
  const path = usePaneAddress();
  const isRoomy = useMedia(ROOMY);
  const shown = path === null || isRoomy ? null : panePage(path);
  if (shown === null) return null;
  return (
    <p className={styles.elsewhere}>
      On a wider screen a page is open beside this list. <Link {...shown.link}>Open that page</Link>
    </p>
  );
}

function OpenPane({ path, before }: { readonly path: string; readonly before: RefObject<Before | null> }) {
  const router = useRouter();
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const [takesFocus] = useState(() => before.current?.isSame === true);
  const place = useMemo(() => ({ scroller, takesFocus }), [scroller, takesFocus]);
  const shown = useMemo(() => panePage(path), [path]);
  // The rows have another height now that there is less room.
  useEffect(() => {
    rowBeside()?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <section className={styles.pane} aria-label="Beside the list" data-pane>
      <div className={styles.head}>
        {shown !== null && (
          <Link {...shown.link} className={buttonStyles.button} data-kind="quiet">
            <Maximize2 aria-hidden size={16} />
            Open as a page
          </Link>
        )}
        <Button kind="quiet" onClick={() => closePane(router)}>
          <X aria-hidden size={16} />
          Close
        </Button>
      </div>
      <div className={styles.content} ref={setScroller}>
        <PaneContext value={place}>
          <CatchBoundary getResetKey={() => path} errorComponent={PageProblem}>
            <Suspense fallback={<Loading lines={8} />}>{shown?.page ?? <NotFound />}</Suspense>
          </CatchBoundary>
        </PaneContext>
      </div>
    </section>
  );
}

/** Keep what stood on the page before the address changes. */
function useBefore(): RefObject<Before | null> {
  const router = useRouter();
  const before = useRef<Before | null>(null);
  useEffect(
    () =>
      router.subscribe("onBeforeNavigate", ({ fromLocation, pathChanged }) => {
        before.current = { isSame: fromLocation !== undefined && !pathChanged, row: rowBeside() };
      }),
    [router],
  );
  return before;
}

/** Give the focus back to the row when its page, which had it, has gone. */
function useFocusAfter(path: string | null, before: RefObject<Before | null>): void {
  const wasOpen = useRef(false);
  useEffect(() => {
    const hasClosed = wasOpen.current && path === null;
    wasOpen.current = path !== null;
    if (!hasClosed || before.current?.isSame !== true || document.activeElement !== document.body) return;
    const { row } = before.current;
    if (row?.isConnected === true) row.focus();
    else focusRow();
  }, [path, before]);
}
