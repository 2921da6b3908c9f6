import { Link } from "@tanstack/react-router";
import { useMe } from "~/api/me";
import { may } from "~/api/permissions";
import styles from "~/shell/BottomBar.module.css";
import { ENTRIES } from "~/shell/entries";

/** The navigation at the bottom of narrow screens. */
export function BottomBar() {
  const me = useMe();
  const entries = ENTRIES.filter((entry) => may(me, entry.needs));
  return (
    <nav className={styles.bar} aria-label="Pages">
      {entries.map(({ to, label, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          className={styles.entry ?? ""}
          activeOptions={{ exact: to === "/", includeSearch: false }}
        >
          <Icon aria-hidden size={20} />
          {label}
        </Link>
      ))}
    </nav>
  );
}
