import { useGet } from "~/api/get";
import { Empty } from "~/components/Empty";
import styles from "~/components/EventList.module.css";
import { Panel } from "~/components/Panel";
import { Time } from "~/components/Time";

const MOST = 20;

/** What was recorded of a thing: the newest events, each with who and what. */
export function EventList({
  subject,
  title = "Events",
}: {
  readonly subject: string;
  readonly title?: string;
}) {
  const events = useGet("/api/v1/events", { params: { query: { subject_id: [subject], limit: MOST } } });
  return (
    <Panel title={title} of={events}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="Nothing was recorded of it." />
        ) : (
          <ol className={styles.events}>
            {items.map(({ id, occurred_at, actor, action, message }) => (
              <li key={id}>
                <span className={styles.head}>
                  <Time at={occurred_at} />
                  <span>{action.replaceAll("_", " ").replace(".", ": ")}</span>
                  <span className={styles.actor}>{actor}</span>
                </span>
                <span dir="auto">{message}</span>
              </li>
            ))}
          </ol>
        )
      }
    </Panel>
  );
}
