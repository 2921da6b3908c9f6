import { useGet } from "~/api/get";
import { Empty } from "~/components/Empty";
import { Panel } from "~/components/Panel";
import { Time } from "~/components/Time";
import styles from "~/pages/observations/EventsPanel.module.css";

const SHOWN = 50;

/** What happened to an observation, the newest first. */
export function EventsPanel({ id }: { readonly id: string }) {
  const events = useGet("/api/v1/events", { params: { query: { subject_id: id, limit: SHOWN } } });
  return (
    <Panel title="Events" of={events}>
      {({ items, next_cursor }) =>
        items.length === 0 ? (
          <Empty title="Nothing has been recorded of it." />
        ) : (
          <>
            <ol className={styles.events}>
              {items.map((event) => (
                <li key={event.id} className={styles.event}>
                  <Time at={event.occurred_at} />
                  <span className={styles.what}>
                    <span dir="auto">{event.message}</span>
                    <span className={styles.who}>{event.actor}</span>
                  </span>
                </li>
              ))}
            </ol>
            {next_cursor !== null && <p>Only the newest {SHOWN} are shown.</p>}
          </>
        )
      }
    </Panel>
  );
}
