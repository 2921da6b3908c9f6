import styles from "~/shell/Clock.module.css";
import { localSiderealTime, sexagesimalHours } from "~/time/lst";
import { useNow } from "~/time/now";
import { useSiteTime } from "~/time/site";

/** UTC, and local sidereal time at the telescope. */
export function Clock() {
  const now = useNow();
  const site = useSiteTime();
  return (
    <span className={styles.clock} role="timer" aria-label="Time">
      <span>
        {now.toISOString().slice(11, 19)} <abbr title="Coordinated Universal Time">UTC</abbr>
      </span>
      {site !== null && (
        <span className={styles.sidereal}>
          {sexagesimalHours(localSiderealTime(now, site.longitude)).slice(0, 5)}{" "}
          <abbr title="Local sidereal time at the telescope">LST</abbr>
        </span>
      )}
    </span>
  );
}
