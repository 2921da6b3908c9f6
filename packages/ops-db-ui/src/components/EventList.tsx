import type { ReactNode } from "react";
import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { actorName } from "~/components/actor";
import { Empty } from "~/components/Empty";
import styles from "~/components/EventList.module.css";
import { titleOf, toldOf } from "~/components/event-words";
import { Panel } from "~/components/Panel";
import { SubjectLink } from "~/components/SubjectLink";
import { Time } from "~/components/Time";

type RecordedEvent = Omit<components["schemas"]["Event"], "details">;

const MOST = 20;

/**
 * What happened, the newest first.
 *
 * Of one `thing` each says what was done and by whom; of `all` things each leads to its own.
 */
export function EventList({
  of,
  events,
}: {
  readonly of: "thing" | "all";
  readonly events: readonly RecordedEvent[];
}) {
  return (
    <ol className={styles.events} data-of={of}>
      {events.map(({ id, occurred_at, actor, action, message, subject_type, subject_id }) => (
        <li key={id} className={styles.event}>
          <span className={styles.muted}>
            {of === "all" ? <Time at={occurred_at} as="age" /> : <Time at={occurred_at} />}
          </span>
          <span className={styles.what} dir="auto">
            {of === "all" ? (
              <SubjectLink type={subject_type} id={subject_id}>
                {titleOf(action)}
              </SubjectLink>
            ) : (
              titleOf(action)
            )}{" "}
            <bdi className={styles.muted}>{toldOf(action, message)}</bdi>
          </span>
          {of === "thing" && <span className={styles.muted}>{actorName(actor)}</span>}
        </li>
      ))}
    </ol>
  );
}

/** The newest events of one thing. */
export function EventsOf({
  subject,
  title = "Events",
  since,
  children,
}: {
  /** What it is about; several are told together. */
  readonly subject: string | readonly string[];
  readonly title?: string;
  /** From when on; always by default. */
  readonly since?: string | undefined;
  /** What is known besides the events. */
  readonly children?: ReactNode;
}) {
  const query = {
    subject_id: [subject].flat(),
    limit: MOST,
    ...(since === undefined ? {} : { since }),
  };
  const events = useGet("/api/v1/events", { params: { query } });
  return (
    <Panel title={title} of={events}>
      {({ items }) => (
        <>
          {children}
          {items.length > 0 && <EventList of="thing" events={items} />}
          {items.length === 0 && children === undefined && <Empty title="Nothing was recorded of it." />}
        </>
      )}
    </Panel>
  );
}
