import { Link, useLocation } from "@tanstack/react-router";
import { Ellipsis } from "lucide-react";
import { useMe } from "~/api/me";
import { may } from "~/api/permissions";
import { Menu } from "~/components/Menu";
import styles from "~/shell/BottomBar.module.css";
import { ENTRIES } from "~/shell/entries";

/** So many stand in the bar itself; the others are behind *More*. */
const IN_BAR = 4;

/** The navigation at the bottom of narrow screens. */
export function BottomBar() {
  const me = useMe();
  const path = useLocation({ select: ({ pathname }) => pathname });
  const entries = ENTRIES.filter((entry) => may(me, entry.needs));
  const more = entries.slice(IN_BAR);
  const isInMore = more.some(({ to }) => path === to || path.startsWith(`${to}/`));
  return (
    <nav className={styles.bar} aria-label="Pages">
      {entries.slice(0, IN_BAR).map(({ to, label, icon: Icon }) => (
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
      {more.length > 0 && (
        <Menu
          trigger={
            <button type="button" className={styles.entry} aria-current={isInMore ? "true" : undefined}>
              <Ellipsis aria-hidden size={20} />
              More
            </button>
          }
        >
          {({ MenuLink }) =>
            more.map(({ to, label }) => (
              <MenuLink
                key={to}
                link={<Link to={to} activeOptions={{ exact: false, includeSearch: false }} />}
              >
                {label}
              </MenuLink>
            ))
          }
        </Menu>
      )}
    </nav>
  );
}
