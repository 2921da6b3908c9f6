import { Link } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import { useMe } from "~/api/me";
import { type Names, whoOf } from "~/api/who";
import { Loading } from "~/components/Loading";
import { ProblemNote } from "~/components/ProblemNote";
import { Bytes, Count } from "~/components/Quantity";
import { grouped } from "~/components/quantity";
import { Time } from "~/components/Time";
import { Part } from "~/pages/overview/Part";
import styles from "~/pages/overview/Waits.module.css";
import { byCount, type Group, kindsOf } from "~/pages/work/group-words";

const SHOWN = 6;
const PLACES = 2;
/** So many reasons are named of what goes on by itself, and one more where that is the last. */
const NAMED = 2;

/**
 * What waits for somebody, by reason, the largest group first, each with a link to its rows; what goes on by itself is
 * told in one sentence.
 */
export function Waits({ names }: { readonly names: Names }) {
  const me = useMe();
  const groups = useGet("/api/v1/open-work/groups", {
    params: { query: { by: "reason", reason_not: ["in_progress", "dispatched"] } },
  });
  const all = groups.data?.groups ?? [];
  const alone = all.filter(({ turn }) => turn === "automatic");
  const named = alone.slice(0, alone.length > NAMED + 1 ? NAMED : alone.length);
  const others = all.filter(({ turn }) => turn !== "automatic");
  return (
    <Part title="What waits" beside={<Link to="/work">All work</Link>}>
      {groups.data === undefined && groups.isPending && <Loading lines={3} />}
      {groups.isError && <ProblemNote error={groups.error} again={() => void groups.refetch()} />}
      {groups.data?.groups.length === 0 && <p>Nothing waits.</p>}
      {others.length > 0 && (
        <ul className={styles.waits}>
          <li className={styles.heads} aria-hidden="true">
            <span className={styles.number}>How many</span>
            <span>Reason</span>
            <span>Bytes</span>
            <span>Longest</span>
            <span>Whose turn</span>
          </li>
          {others.slice(0, SHOWN).map((group) => (
            <li key={group.key ?? ""} className={styles.wait}>
              <span className={styles.count}>{grouped(group.count)}</span>
              <span>
                <Link to="/work" search={{ open: group.key ?? "" }}>
                  {group.text}
                </Link>
                <span className={styles.detail}>
                  {kindsOf(group)}
                  {whereOf(group).length > 0 && ` · ${whereOf(group).slice(0, PLACES).join(", ")}`}
                </span>
              </span>
              <span className={styles.fact}>
                <Bytes value={group.bytes} />
              </span>
              <span className={styles.fact}>
                <Time at={group.oldest} as="lasting" />
              </span>
              <span className={styles.turn} data-urgent={group.turn === "operator" || group.turn === "site"}>
                {whoOf(group.turn, whereOf(group), names, me)}
              </span>
            </li>
          ))}
        </ul>
      )}
      {others.length > SHOWN && (
        <p>
          <Link to="/work">
            <Count value={others.length - SHOWN} one="more reason" />
          </Link>
        </p>
      )}
      {alone.length > 0 && (
        <p className={styles.detail}>
          {others.length > 0 ? (
            <Count
              value={countOf(alone)}
              one="more waits and goes on by itself"
              many="more wait and go on by themselves"
            />
          ) : (
            <Count
              value={countOf(alone)}
              one="thing waits and goes on by itself"
              many="things wait and go on by themselves"
            />
          )}
          {": "}
          {named.map((group, place) => (
            <span key={group.key ?? ""}>
              {place > 0 && ", "}
              <Link to="/work" search={{ open: group.key ?? "" }}>
                {group.text}
              </Link>
            </span>
          ))}
          {named.length < alone.length && (
            <>
              {" and "}
              <Link to="/work">
                <Count value={alone.length - named.length} one="more reason" />
              </Link>
            </>
          )}
        </p>
      )}
    </Part>
  );
}

function countOf(groups: readonly Group[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/** Return the routes of a group, or its places where it takes none, those with most of it first. */
function whereOf(group: Group): readonly string[] {
  const routes = byCount(group.routes);
  return (routes.length > 0 ? routes : byCount(group.places)).map(([name]) => name);
}
