import { Link } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { useGet } from "~/api/get";
import buttonStyles from "~/components/Button.module.css";
import { usePanePlace } from "~/components/pane";
import { Time } from "~/components/Time";
import styles from "~/pages/observations/Neighbours.module.css";

interface Observation {
  readonly id: string;
  readonly source: string;
  readonly started_at: string;
}

/** Leads to the observations before and after one; beside its list there is the list itself for that. */
export function Neighbours({ of }: { readonly of: Observation }) {
  return usePanePlace() === null && <Both of={of} />;
}

function Both({ of }: { readonly of: Observation }) {
  const before = useGet(
    "/api/v1/executed-obs-units",
    { params: { query: { until: of.started_at, sort: "-started_at", limit: 1 } } },
    { live: false },
  );
  // What began then is among those that began since.
  const after = useGet(
    "/api/v1/executed-obs-units",
    { params: { query: { since: of.started_at, sort: "started_at", limit: 2 } } },
    { live: false },
  );
  const previous = before.data?.items[0];
  const next = after.data?.items.find(({ id }) => id !== of.id);
  return (
    <nav aria-label="Observations before and after" className={styles.both}>
      {previous !== undefined && (
        <To observation={previous} label="Previous observation">
          <ChevronLeft aria-hidden size={16} />
        </To>
      )}
      {next !== undefined && (
        <To observation={next} label="Next observation" isLast>
          <ChevronRight aria-hidden size={16} />
        </To>
      )}
    </nav>
  );
}

function To({
  observation: { id, source, started_at },
  label,
  isLast = false,
  children,
}: {
  readonly observation: Observation;
  readonly label: string;
  readonly isLast?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <span className={styles.one} data-last={isLast}>
      <Link to="/observations/$id" params={{ id }} className={buttonStyles.button ?? ""} data-kind="quiet">
        {!isLast && children}
        <span className="visually-hidden">{label}: </span>
        <span dir="auto">{source}</span>
        {isLast && children}
      </Link>
      <Time at={started_at} />
    </span>
  );
}
