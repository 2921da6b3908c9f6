import { Link, useMatch } from "@tanstack/react-router";
import { WORK_KINDS } from "~/pages/work/kinds";
import styles from "~/pages/work/WorkTabs.module.css";

/** Open or ended work. */
export function WorkTabs() {
  return (
    <nav className={styles.switch} aria-label="Work">
      <Link to="/work" activeOptions={{ exact: true, includeSearch: false }} className={styles.half ?? ""}>
        Open
      </Link>
      <EndedLink />
    </nav>
  );
}

/** Ended work has a page for each kind; any of them is the ended half. */
function EndedLink() {
  const isEnded = useMatch({ from: "/_shell/work/ended/$kind", shouldThrow: false }) !== undefined;
  return (
    <Link
      to="/work/ended/$kind"
      params={{ kind: "data-transfers" }}
      search={{ status: "completed" }}
      className={styles.half ?? ""}
      aria-current={isEnded ? "page" : undefined}
    >
      Ended
    </Link>
  );
}

/** The kinds of ended work. */
export function KindTabs() {
  return (
    <nav className={styles.tabs} aria-label="Kinds of work">
      {WORK_KINDS.map(({ collection, many }) => (
        <Link
          key={collection}
          to="/work/ended/$kind"
          params={{ kind: collection }}
          search={({ status }) => ({ status: status ?? "completed" })}
          activeOptions={{ includeSearch: false }}
          className={styles.tab ?? ""}
        >
          {many}
        </Link>
      ))}
    </nav>
  );
}
