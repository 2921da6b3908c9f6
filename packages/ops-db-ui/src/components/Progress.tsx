import styles from "~/components/Progress.module.css";
import { grouped, percent, withPrefix } from "~/components/quantity";

/** How much of a known whole is done, as a bar and in figures. */
export function Progress({
  done,
  total,
  label,
  unit = "things",
}: {
  readonly done: number;
  /** Null: not known; then only what is done is said. */
  readonly total: number | null;
  /** What is done: `files`, `packages staged`; empty where a column says so. */
  readonly label: string;
  readonly unit?: "things" | "bytes";
}) {
  const figure = unit === "bytes" ? (value: number) => withPrefix(value, "B") : grouped;
  if (total === null || total <= 0) {
    return (
      <span className={styles.figures}>
        {figure(done)} {label}
      </span>
    );
  }
  const share = Math.min(1, Math.max(0, done / total));
  const words = `${figure(done)} of ${figure(total)} ${label}`.trim();
  return (
    <span className={styles.progress}>
      <span
        role="progressbar"
        aria-label={label === "" ? "done" : label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.floor(share * 100)}
        aria-valuetext={`${words}, ${percent(done, total)}`}
        className={styles.track}
        data-complete={share === 1}
      >
        <span className={styles.bar} style={{ inlineSize: `${share * 100}%` }} />
      </span>
      <span className={styles.figures} aria-hidden>
        {words} <span className={styles.share}>{percent(done, total)}</span>
      </span>
    </span>
  );
}
