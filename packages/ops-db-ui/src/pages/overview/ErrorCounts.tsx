import { Link } from "@tanstack/react-router";
import { grouped } from "~/components/quantity";
import { State } from "~/components/State";
import styles from "~/pages/overview/ErrorCounts.module.css";
import { Part } from "~/pages/overview/Part";

const SEVERITIES: readonly string[] = ["critical", "error", "warning", "info"];

/** How many errors are open, by severity; those of which there are none are left out. */
export function ErrorCounts({ errors }: { readonly errors: Readonly<Record<string, number>> }) {
  const others = Object.keys(errors).filter((severity) => !SEVERITIES.includes(severity));
  const found = [...SEVERITIES, ...others].filter((severity) => (errors[severity] ?? 0) > 0);
  return (
    <Part
      title="Open errors"
      folded={found.map((severity) => `${errors[severity]} ${severity}`).join(", ") || "none"}
    >
      {found.length === 0 ? (
        <p className={styles.none}>None</p>
      ) : (
        <ul className={styles.errors}>
          {found.map((severity) => (
            <li key={severity}>
              <Link to="/errors" search={{ severity: [severity] }} className={styles.error ?? ""}>
                <span className={styles.count}>{grouped(errors[severity] ?? 0)}</span>
                <State of={severity} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}
