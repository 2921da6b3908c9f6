import { Link } from "@tanstack/react-router";
import { type ErrorCategory, useErrorCategories } from "~/api/error-categories";
import { useWaitingReasons } from "~/api/waiting-reasons";
import { worded } from "~/api/words";
import { Contact } from "~/components/Contact";
import { grouped } from "~/components/quantity";
import { Time } from "~/components/Time";
import { byCount, type Group, kindsOf } from "~/pages/work/group-words";
import { Remedy } from "~/pages/work/Remedy";
import styles from "~/pages/work/WorkGroup.module.css";
import { PAUSED } from "~/pages/work/work-rows";

const ERRORS_SHOWN = 3;

/** Of what a group is made, what failed, what to do and what happens by itself. */
export function GroupStory({ group, by }: { readonly group: Group; readonly by: string }) {
  const categories = useErrorCategories();
  const errors = byCount(group.error_categories);
  // Where each error gives a remedy, that is what to do.
  const isToldByErrors =
    group.reason === "given_up" &&
    errors.length > 0 &&
    errors.every(([category]) => categories.has(category));
  const reason = useWaitingReasons().get(group.reason);
  const remedy = isToldByErrors || group.turn === "automatic" ? undefined : reason?.remedy;
  const where = [...Object.keys(group.routes), ...Object.keys(group.places)];
  const [place = null] = Object.keys(group.places);
  return (
    <div className={styles.story}>
      {by !== "kind" && <p>{kindsOf(group)}</p>}
      <dl className={styles.facts}>
        {errors.length > 0 && (
          <div>
            <dt>{errors.length === 1 ? "Last error" : "Last errors"}</dt>
            {errors.slice(0, ERRORS_SHOWN).map(([category, count]) => {
              const known = categories.get(category);
              return (
                <dd key={category}>
                  {count < group.count && <span className={styles.muted}>{grouped(count)} of them: </span>}
                  {known?.text ?? worded(category)}
                  {known !== undefined && known.remedy !== remedy && (
                    <span className={styles.muted}>. {remedyOf(known, group)}</span>
                  )}
                </dd>
              );
            })}
            {errors.length > ERRORS_SHOWN && <dd>and {errors.length - ERRORS_SHOWN} other errors</dd>}
          </div>
        )}
        {remedy !== undefined && (
          <div>
            <dt>What to do</dt>
            <dd>
              <Remedy text={remedy} where={place} /> <ErrorsOfPause group={group} />
              {group.turn === "site" && <Contact where={where} />}
            </dd>
          </div>
        )}
        <div>
          <dt>By itself</dt>
          <dd>
            {group.next_at !== null && (
              <>
                <Time at={group.next_at} as="age" />:{" "}
              </>
            )}
            {group.next}
          </dd>
        </div>
      </dl>
    </div>
  );
}

/** What helps against an error: of what was given up first, what to do before it is retried. */
function remedyOf({ before_retry, remedy, while_it_lasts }: ErrorCategory, { reason }: Group): string {
  if (reason === "given_up") return `${before_retry} Then retry it.`.replace(/^ Then r/, "R");
  return PAUSED.includes(reason) ? while_it_lasts : remedy;
}

/** The way to the errors for which routes, or else places, are paused. */
function ErrorsOfPause({ group }: { readonly group: Group }) {
  if (!PAUSED.includes(group.reason)) return null;
  const routes = byCount(group.routes);
  const [filter, names] = routes.length > 0 ? ["route", routes] : ["location", byCount(group.places)];
  return names.map(([name]) => (
    <Link key={name} to="/errors" search={{ open: "true", [filter]: [name] } as never}>
      Errors of {name}
    </Link>
  ));
}
