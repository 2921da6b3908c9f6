import { SubjectLink } from "~/components/SubjectLink";
import { Time } from "~/components/Time";
import type { RecentEvent } from "~/pages/overview/answers";
import styles from "~/pages/overview/LastEvents.module.css";
import { Part } from "~/pages/overview/Part";

const SHOWN = 4;

/** What happened just now. */
export function LastEvents({ events }: { readonly events: readonly RecentEvent[] }) {
  return (
    <Part
      title="Last events"
      folded={events[0] !== undefined && <Time at={events[0].occurred_at} as="age" />}
    >
      {events.length === 0 ? (
        <p>Nothing has happened yet.</p>
      ) : (
        <ul className={styles.events}>
          {events.slice(0, SHOWN).map((event) => (
            <li key={event.id} className={styles.event}>
              <span className={styles.when}>
                <Time at={event.occurred_at} as="age" />
              </span>
              <span className={styles.what}>
                <SubjectLink type={event.subject_type} id={event.subject_id}>
                  {event.message}
                </SubjectLink>
              </span>
            </li>
          ))}
        </ul>
      )}
    </Part>
  );
}
