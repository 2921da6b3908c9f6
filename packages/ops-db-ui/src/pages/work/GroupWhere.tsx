import { Link } from "@tanstack/react-router";
import { byCount, type Group } from "~/pages/work/group-words";
import styles from "~/pages/work/WorkGroup.module.css";

const SHOWN = 2;

/** Where the work of a group waits: its routes and its places, those with most of it first. */
export function GroupWhere({ group, by }: { readonly group: Group; readonly by: string }) {
  const routes = by === "route" ? [] : byCount(group.routes);
  const places = by === "place" ? [] : byCount(group.places);
  return (
    <>
      {routes.slice(0, SHOWN).map(([route]) => (
        <span key={route} className={styles.name}>
          route {route}
        </span>
      ))}
      {places.slice(0, SHOWN).map(([place]) => (
        <Link key={place} to="/places/locations/$name" params={{ name: place }} className={styles.name ?? ""}>
          {place}
        </Link>
      ))}
      <More count={Math.max(0, routes.length - SHOWN) + Math.max(0, places.length - SHOWN)} />
    </>
  );
}

function More({ count }: { readonly count: number }) {
  return count === 0 ? null : <span className={styles.muted}>and {count} more</span>;
}
