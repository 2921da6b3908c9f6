import { useFreshness } from "~/live/freshness";
import styles from "~/shell/LiveState.module.css";
import { span } from "~/time/format";
import { useNow } from "~/time/now";

const WORDS = { live: "live", stale: "no answer", offline: "offline" } as const;

/** Whether what is on the screen is current, or since when it is not. */
export function LiveState() {
  const freshness = useFreshness();
  const now = useNow();
  const since = freshness.state === "live" ? null : freshness.since;
  return (
    <span className={styles.live} data-state={freshness.state} role="status">
      <span className={styles.dot} aria-hidden />
      {WORDS[freshness.state]}
      {/* Not for readers of screens, to whom it would be told each second. */}
      {since !== null && (
        <span aria-hidden className={styles.since}>
          <span className={styles.for}>for </span>
          {span(now.getTime() - since.getTime())}
        </span>
      )}
    </span>
  );
}
