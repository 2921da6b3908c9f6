import styles from "~/actions/ActionDialog.module.css";
import type { Change } from "~/actions/thing";
import { worded } from "~/api/words";

/** What became different of a thing since somebody looked at it, who is to decide anew. */
export function Changes({
  changes,
  isRefused,
}: {
  readonly changes: readonly Change[];
  /** The API refused an action for it. */
  readonly isRefused: boolean;
}) {
  return (
    <div className={styles.changes} role="alert">
      <p>
        {isRefused ? "Nothing was done: it" : "It"} has changed since you looked. Look again, then confirm
        anew.
      </p>
      <ul>
        {changes.map(({ field, before, now }) => (
          <li key={field}>
            {worded(field)}: <del dir="auto">{shown(before)}</del> is now{" "}
            <strong dir="auto">{shown(now)}</strong>
          </li>
        ))}
      </ul>
    </div>
  );
}

function shown(value: unknown): string {
  if (value === null || value === undefined || value === "") return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
}
