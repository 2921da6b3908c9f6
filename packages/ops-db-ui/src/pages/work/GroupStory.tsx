import { Link } from "@tanstack/react-router";
import { useErrorCategories } from "~/api/error-categories";
import { useWaitingReasons } from "~/api/waiting-reasons";
import { grouped } from "~/components/quantity";
import { Time } from "~/components/Time";
import { worded } from "~/lists/fields";
import { byCount, type Group, kindsOf } from "~/pages/work/group-words";
import styles from "~/pages/work/WorkGroup.module.css";

const ERRORS_SHOWN = 3;
const PAUSED: readonly string[] = ["route_circuit_open", "location_circuit_open"];

/** Of what a group is made, what failed, what to do and what happens by itself. */
export function GroupStory({ group, by }: { readonly group: Group; readonly by: string }) {
  const remedy = useWaitingReasons().get(group.reason)?.remedy;
  const errors = byCount(group.error_categories);
  return (
    <div className={styles.story}>
      {by !== "kind" && <p>{kindsOf(group)}</p>}
      {errors.slice(0, ERRORS_SHOWN).map(([category, count]) => (
        <LastError key={category} category={category} count={count} />
      ))}
      {errors.length > ERRORS_SHOWN && <p>and {errors.length - ERRORS_SHOWN} other errors</p>}
      {group.turn !== "automatic" && remedy !== undefined && (
        <p>
          <span className={styles.muted}>What to do: </span>
          {remedy} <ErrorsOfPause group={group} />
        </p>
      )}
      <p>
        <span className={styles.muted}>By itself: </span>
        {group.next_at !== null && (
          <>
            <Time at={group.next_at} as="age" />:{" "}
          </>
        )}
        {group.next}
      </p>
    </div>
  );
}

/** What failed last for a part of a group, and what helps. */
function LastError({ category, count }: { readonly category: string; readonly count: number }) {
  const known = useErrorCategories().get(category);
  return (
    <p>
      <span className={styles.muted}>Last error of {grouped(count)}: </span>
      {known?.text ?? worded(category)}
      {known !== undefined && <span className={styles.muted}>. {known.remedy}</span>}
    </p>
  );
}

/** The way to the errors for which a route or a place is paused. */
function ErrorsOfPause({ group }: { readonly group: Group }) {
  if (!PAUSED.includes(group.reason)) return null;
  const paused = byCount(group.reason === "route_circuit_open" ? group.routes : group.places);
  return paused.map(([name]) => (
    <Link key={name} to="/errors" search={{ subject_id: [name] } as never}>
      Errors of {name}
    </Link>
  ));
}
