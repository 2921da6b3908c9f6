import { Outlet, useSearch } from "@tanstack/react-router";
import { Suspense } from "react";
import { Toasts } from "~/actions/Toasts";
import { Loading } from "~/components/Loading";
import { useIsSplit } from "~/lists/usePane";
import { useOverlaysAfterwards } from "~/overlays/load";
import { Banners } from "~/shell/Banners";
import { BottomBar } from "~/shell/BottomBar";
import { Keys } from "~/shell/Keys";
import { LazyPalette } from "~/shell/LazyPalette";
import { Pane, PaneElsewhere } from "~/shell/Pane";
import { Rail } from "~/shell/Rail";
import { SessionEnded } from "~/shell/SessionEnded";
import styles from "~/shell/Shell.module.css";
import { TopBar } from "~/shell/TopBar";
import { useRecentVisits } from "~/shell/useRecentVisits";
import { Wall } from "~/shell/Wall";
import { SiteTimeProvider } from "~/time/site";

/** What surrounds every page: bar, navigation, and what stands over pages. */
export function Shell() {
  useRecentVisits();
  useOverlaysAfterwards();
  const isWall = useSearch({ strict: false, select: ({ wall }) => wall !== undefined });
  const isSplit = useIsSplit();
  if (isWall) {
    return (
      <Wall>
        <Outlet />
      </Wall>
    );
  }
  return (
    <SiteTimeProvider>
      <div className={styles.shell}>
        <a className={styles.skip} href="#content">
          Skip to content
        </a>
        <TopBar />
        <Rail />
        <div className={styles.middle}>
          <Banners />
          <main className={styles.content} id="content" tabIndex={-1} data-split={isSplit}>
            <div className={styles.page}>
              <PaneElsewhere />
              <Suspense fallback={<Loading />}>
                <Outlet />
              </Suspense>
            </div>
            <Pane />
          </main>
        </div>
        <BottomBar />
        <SessionEnded />
        <Toasts />
        <Keys />
        <LazyPalette />
      </div>
    </SiteTimeProvider>
  );
}
