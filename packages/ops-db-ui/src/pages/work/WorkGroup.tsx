import { ChevronRight } from "lucide-react";
import { useId } from "react";
import { useMe } from "~/api/me";
import type { Turn } from "~/api/waiting-reasons";
import { useNames, whoOf } from "~/api/who";
import { worded } from "~/api/words";
import { Button } from "~/components/Button";
import { Bytes } from "~/components/Quantity";
import { grouped } from "~/components/quantity";
import { Time } from "~/components/Time";
import type { Query } from "~/lists/pages";
import { hasSeveralCauses, RetryOfOneCause, VerbsBelowRows } from "~/pages/work/BulkVerbs";
import type { Grouping } from "~/pages/work/GroupBy";
import { GroupStory } from "~/pages/work/GroupStory";
import { GroupWhere } from "~/pages/work/GroupWhere";
import { byCount, type Group } from "~/pages/work/group-words";
import { OpenWorkRows } from "~/pages/work/OpenWorkRows";
import styles from "~/pages/work/WorkGroup.module.css";

type By = Exclude<Grouping, "none">;

/** Open work in groups that share their columns. */
export function GroupList({
  by,
  groups,
  query,
  open,
  onToggle,
}: {
  readonly by: By;
  readonly groups: readonly Group[];
  /** Filters of the page. */
  readonly query: Query;
  /** Key of the group whose rows are shown; null: of none. */
  readonly open: string | null;
  readonly onToggle: (key: string | null) => void;
}) {
  return (
    <ul className={styles.groups}>
      <GroupHeads by={by} />
      {groups.map((group) => (
        <WorkGroup
          key={group.key ?? ""}
          by={by}
          group={group}
          query={query}
          isOpen={open !== null && open === group.key}
          onToggle={() => onToggle(group.key)}
        />
      ))}
    </ul>
  );
}

/** What stands in the columns of the groups. */
function GroupHeads({ by }: { readonly by: By }) {
  return (
    <li className={styles.heads} aria-hidden="true">
      <span className={styles.what}>{by === "reason" ? "Why it waits" : worded(by)}</span>
      <span>Where</span>
      <span className={styles.number}>Bytes</span>
      <span>Longest</span>
      <span>Whose turn</span>
    </li>
  );
}

/** Open work that has one thing in common: how much, how old, what happens next, whose turn; opened, its rows. */
function WorkGroup({
  by,
  group,
  query,
  isOpen,
  onToggle,
}: {
  readonly by: By;
  readonly group: Group;
  readonly query: Query;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}) {
  const id = useId();
  const me = useMe();
  const names = useNames();
  const filter = group.key === null ? null : { ...query, [by]: [group.key] };
  const where = [...Object.keys(group.routes), ...Object.keys(group.places)];
  // The turn that needs somebody most stands first.
  const several = byCount(group.turns).toSorted(
    ([one], [other]) => Number(other === group.turn) - Number(one === group.turn),
  );
  const turns = several.length > 1 ? several : [[group.turn, group.count] as const];
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
        <span className={styles.where}>
          <GroupWhere group={group} by={by} />
        </span>
        <span className={styles.bytes}>
          <Bytes value={group.bytes} />
        </span>
        <span className={styles.oldest}>
          <Time at={group.oldest} as="lasting" />
        </span>
        <span className={styles.turn} data-urgent={group.turn === "operator" || group.turn === "site"}>
          {turns.map(([turn, count]) => (
            <span key={turn}>
              {whoOf(turn as Turn, where, names, me)}
              {turns.length > 1 && ` (${grouped(count)})`}
            </span>
          ))}
        </span>
        <GroupStory group={group} by={by} />
        {filter !== null && (
          <span className={styles.verbs}>
            <RetryOfOneCause group={group} filter={filter} />
            {hasSeveralCauses(group) && group.can.retry > 0 && !isOpen && (
              <Button onClick={onToggle}>Look at each</Button>
            )}
          </span>
        )}
      </div>
      {isOpen && filter !== null && (
        <div id={id} className={styles.rows}>
          <OpenWorkRows query={filter} />
          <p className={styles.below}>
            <VerbsBelowRows group={group} filter={filter} />
          </p>
        </div>
      )}
    </li>
  );
}
