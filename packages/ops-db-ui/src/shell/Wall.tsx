import type { ReactNode } from "react";
import { useEffect } from "react";
import { useGet } from "~/api/get";
import { Clock } from "~/shell/Clock";
import { LiveState } from "~/shell/LiveState";
import { useNewVersion } from "~/shell/new-version";
import { SessionEnded } from "~/shell/SessionEnded";
import { Verdict } from "~/shell/Verdict";
import styles from "~/shell/Wall.module.css";
import { SiteTimeProvider } from "~/time/site";

/** What surrounds a page on a screen on the wall: large, with nothing to press, and newer versions load by themselves. */
export function Wall({ children }: { readonly children: ReactNode }) {
  const site = useGet("/api/v1/site", {}, { live: false }).data;
  const isNew = useNewVersion();
  useEffect(() => {
    if (isNew) location.reload();
  }, [isNew]);
  return (
    <SiteTimeProvider>
      <div className={styles.wall} data-wall>
        <header className={styles.bar}>
          <span>{site?.name}</span>
          <Verdict />
          <span className={styles.when}>
            <LiveState />
            <Clock />
          </span>
        </header>
        <main>{children}</main>
      </div>
      <SessionEnded />
    </SiteTimeProvider>
  );
}
