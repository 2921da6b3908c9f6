import { Link } from "@tanstack/react-router";
import { useMe } from "~/api/me";
import { may } from "~/api/permissions";
import { ENTRIES } from "~/shell/entries";
import styles from "~/shell/Rail.module.css";

/** The navigation at the left of wide screens. */
export function Rail() {
  const me = useMe();
  return (
    <nav className={styles.rail} aria-label="Pages">
      <ul>
        {ENTRIES.filter((entry) => may(me, entry.needs)).map(({ to, label, icon: Icon, key }) => (
          <li key={to}>
            <Link
              to={to}
              className={styles.entry ?? ""}
              activeOptions={{ exact: to === "/", includeSearch: false }}
              aria-keyshortcuts={`g ${key}`}
            >
              <Icon aria-hidden size={18} />
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
