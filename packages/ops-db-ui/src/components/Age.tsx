import { useState } from "react";
import styles from "~/components/Age.module.css";
import { PERIOD } from "~/live/polling";
import { span } from "~/time/format";
import { atClock, useNow, useSaid } from "~/time/now";

/** What an answer may take and the clock of the page be behind: below it each answer would show its age and hide it. */
const USUAL_DELAY = 2_000;
/** An age of at most so much is that of any answer which is asked for each `PERIOD`, and says nothing. */
const SHOWN_FROM = PERIOD + USUAL_DELAY;
const OLD_FROM = 30_000;

interface Answer {
  /** When the browser got it, milliseconds; 0: never. */
  readonly dataUpdatedAt: number;
}

/**
 * How old an answer is, counted from when it came, once that is worth saying. Where answers come slowly it stays until
 * one comes in time, so that it does not come and go with each.
 */
export function Age({ of: query }: { readonly of: Answer }) {
  const now = useNow();
  const at = query.dataUpdatedAt;
  const [last, setLast] = useState({ at, isLate: false });
  if (at !== last.at) setLast({ at, isLate: last.at !== 0 && at - last.at >= SHOWN_FROM });
  const age = now.getTime() - atClock(at).getTime();
  if (at === 0 || (age < SHOWN_FROM && !last.isLate)) return null;
  return (
    <span className={styles.age} data-old={age >= OLD_FROM}>
      {span(Math.max(0, age))} old
    </span>
  );
}

/** Whether an answer is so old that what it says is dimmed. */
export function useIsOld({ dataUpdatedAt: at }: Answer): boolean {
  const said = useSaid((now) => (at !== 0 && now.getTime() - atClock(at).getTime() >= OLD_FROM ? "old" : ""));
  return said !== "";
}
