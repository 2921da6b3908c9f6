import { ChevronRight } from "lucide-react";
import { useId } from "react";
import type { Answer } from "~/api/get";
import { TURNS } from "~/api/waiting-reasons";
import { Bytes } from "~/components/Quantity";
import { grouped } from "~/components/quantity";
import { Time } from "~/components/Time";
import type { Query } from "~/lists/pages";
import { BulkVerbs } from "~/pages/work/BulkVerbs";
import type { Grouping } from "~/pages/work/GroupBy";
import { OpenWorkRows } from "~/pages/work/OpenWorkRows";
import styles from "~/pages/work/WorkGroup.module.css";

type Group = Answer<"/api/v1/open-work/groups">["groups"][number];

/** Open work that has one thing in common: how much, how old, what happens next, whose turn; opened, its rows. */
export function WorkGroup({
  by,
  group,
  query,
  isOpen,
  onToggle,
}: {
  readonly by: Exclude<Grouping, "none">;
  readonly group: Group;
  /** Filters of the page. */
  readonly query: Query;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}) {
  const id = useId();
  const filter = group.key === null ? null : { ...query, [by]: [group.key] };
  return (
    <li className={styles.group} data-open={isOpen}>
      <div className={styles.head}>
        <h2 className={styles.title}>
          <button
            type="button"
            className={styles.toggle}
            aria-expanded={isOpen}
            aria-controls={id}
            aria-disabled={filter === null}
            onClick={onToggle}
          >
            <ChevronRight aria-hidden size={16} className={styles.mark} />
            <span className={styles.count}>{grouped(group.count)}</span>
            <span>{group.text}</span>
          </button>
        </h2>
        <span className={styles.bytes}>
          <Bytes value={group.bytes} />
        </span>
        <span className={styles.oldest}>
          <Time at={group.oldest} as="age" />
        </span>
        <span className={styles.turn} data-urgent={group.turn === "operator" || group.turn === "site"}>
          {TURNS[group.turn]}
        </span>
        <p className={styles.next}>
          {group.next_at !== null && (
            <>
              Next, <Time at={group.next_at} as="age" />:{" "}
            </>
          )}
          {group.next}
        </p>
        {filter !== null && (
          <span className={styles.verbs}>
            <BulkVerbs group={group} filter={filter} />
          </span>
        )}
      </div>
      {isOpen && filter !== null && (
        <div id={id} className={styles.rows}>
          <OpenWorkRows query={filter} />
        </div>
      )}
    </li>
  );
}
