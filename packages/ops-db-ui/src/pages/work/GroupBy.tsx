import { useId } from "react";
import { textsOf } from "~/lists/address";
import type { Wrong } from "~/lists/state";
import styles from "~/pages/work/GroupBy.module.css";

/** By what open work is grouped; `none`: one list of rows. */
export type Grouping = "reason" | "place" | "route" | "program" | "kind" | "none";

const WORDS: readonly (readonly [Grouping, string])[] = [
  ["reason", "reason"],
  ["place", "place"],
  ["route", "route"],
  ["program", "program"],
  ["kind", "kind"],
  ["none", "nothing"],
];

/** Return the grouping that an address asks for. */
export function groupingOf(text: unknown): Grouping {
  return WORDS.find(([by]) => by === text)?.[0] ?? "reason";
}

/** Return what of an address is no grouping. */
export function wrongGroupings(text: unknown): readonly Wrong[] {
  const words = WORDS.map(([by]) => by);
  const texts = textsOf(text);
  return texts
    .filter((value) => texts.length > 1 || !words.some((by) => by === value))
    .map((value) => ({
      name: "by",
      value,
      reason: texts.length > 1 ? "is given more than once" : `is none of ${words.join(", ")}`,
    }));
}

/** The choice of what open work is grouped by. */
export function GroupBy({
  by,
  onChange,
}: {
  readonly by: Grouping;
  readonly onChange: (by: Grouping) => void;
}) {
  const id = useId();
  return (
    <span className={styles.choice}>
      <label htmlFor={id}>Grouped by</label>
      <select id={id} value={by} onChange={(event) => onChange(groupingOf(event.target.value))}>
        {WORDS.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </span>
  );
}
