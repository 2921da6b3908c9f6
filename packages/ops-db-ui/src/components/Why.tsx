import { useState } from "react";
import { useGet } from "~/api/get";
import { Button } from "~/components/Button";
import { Dialog } from "~/components/Dialog";
import { Loading } from "~/components/Loading";
import { ProblemNote } from "~/components/ProblemNote";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import styles from "~/components/Why.module.css";

/** Why something waits: the reason in words, its detail, since when and what happens next. */
export function Why({
  reason,
  detail,
  since,
  nextAt,
  subject,
}: {
  /** Code of the reason; null: it does not wait. */
  readonly reason: string | null;
  readonly detail: string | null;
  readonly since: string | null;
  readonly nextAt?: string | null;
  /** Id of what waits; with it the whole answer can be opened. */
  readonly subject?: string;
}) {
  if (reason === null) return null;
  const text = reason.replaceAll("_", " ");
  return (
    <div className={styles.why}>
      <p>
        <span className={styles.reason}>{text}</span>
        {since !== null && (
          <span className={styles.muted}>
            {" "}
            since <Time at={since} as="age" />
          </span>
        )}
        {nextAt != null && (
          <span className={styles.muted}>
            , next <Time at={nextAt} as="age" />
          </span>
        )}
      </p>
      {detail !== null && <p className={styles.detail}>{detail}</p>}
      {subject !== undefined && <WhyButton subject={subject} title={`Why: ${text}`} />}
    </div>
  );
}

/** Opens the whole answer to why something waits, where the row itself does not know the reason. */
export function WhyButton({ subject, title }: { readonly subject: string; readonly title: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button kind="quiet" className={styles.open ?? ""} data-target="why" onClick={() => setOpen(true)}>
        Why?
      </Button>
      {isOpen && (
        <Dialog title={title} open onClose={() => setOpen(false)}>
          <Explanation subject={subject} />
        </Dialog>
      )}
    </>
  );
}

function Explanation({ subject }: { readonly subject: string }) {
  const answer = useGet("/api/v1/why/{subject}", { params: { path: { subject } } });
  if (answer.data === undefined) {
    return answer.isError ? (
      <ProblemNote error={answer.error} again={() => void answer.refetch()} />
    ) : (
      <Loading />
    );
  }
  return (
    <>
      <p>{answer.data.summary}</p>
      <ol className={styles.steps}>
        {answer.data.steps.map((step) => (
          <li key={`${step.subject_type} ${step.subject_id}`}>
            <p className={styles.step}>
              <span>{step.what}</span>
              {step.status !== null && <State of={step.status} />}
            </p>
            {step.reason !== null && <p>{step.reason.replaceAll("_", " ")}</p>}
            {step.detail !== null && <p className={styles.detail}>{step.detail}</p>}
            {step.since !== null && (
              <p className={styles.muted}>
                since <Time at={step.since} />
              </p>
            )}
            {step.remedy !== null && <p>{step.remedy}</p>}
          </li>
        ))}
      </ol>
    </>
  );
}
