import { useGet } from "~/api/get";
import { Panel } from "~/components/Panel";
import { Time } from "~/components/Time";
import styles from "~/pages/work/WorkEvents.module.css";

/** What happened to a piece of work, the last first: its attempts and what people did. */
export function WorkEvents({ id }: { readonly id: string }) {
  const events = useGet("/api/v1/events", { params: { query: { subject_id: [id] } } });
  return (
    <Panel title="What happened to it" of={events}>
      {({ items }) =>
        items.length === 0 ? (
          <p>Nothing was recorded yet.</p>
        ) : (
          <ol className={styles.events}>
            {items.map((event) => (
              <li key={event.id} className={styles.event}>
                <span className={styles.muted}>
                  <Time at={event.occurred_at} />
                </span>
                <span className={styles.what}>{event.message}</span>
                <span className={styles.muted}>{event.actor}</span>
              </li>
            ))}
          </ol>
        )
      }
    </Panel>
  );
}
