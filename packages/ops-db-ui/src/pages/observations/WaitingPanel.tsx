import { useGet } from "~/api/get";
import { Panel } from "~/components/Panel";
import { State } from "~/components/State";
import { SubjectLink } from "~/components/SubjectLink";
import { Time } from "~/components/Time";
import type { Step } from "~/pages/observations/answers";
import styles from "~/pages/observations/WaitingPanel.module.css";

const MOST = 5;

/** Why the data of an observation do not go on: what was given up first, then what waits, each with what to do. */
export function WaitingPanel({ id }: { readonly id: string }) {
  const why = useGet("/api/v1/why/{subject}", { params: { path: { subject: id } } });
  if (why.data?.steps.length === 0) return null;
  return (
    <Panel title="Why it does not go on" of={why}>
      {({ steps }) => (
        <>
          <ul className={styles.steps}>
            {urgentFirst(steps)
              .slice(0, MOST)
              .map((step) => (
                <li key={`${step.subject_id} ${step.what}`} className={styles.step}>
                  <Words of={step} />
                </li>
              ))}
          </ul>
          {steps.length > MOST && <p>{steps.length - MOST} more wait; each package below says why.</p>}
        </>
      )}
    </Panel>
  );
}

function Words({ of }: { readonly of: Step }) {
  const isGivenUp = of.status === "failed";
  return (
    <>
      <p className={styles.head}>
        <State of={isGivenUp ? "failed" : "waiting"} word={isGivenUp ? "given up" : "waits"} />
        <span className={styles.what}>To {of.what}</span>
        {of.since !== null && (
          <span className={styles.since}>
            since <Time at={of.since} />
          </span>
        )}
      </p>
      <dl className={styles.lines}>
        <Line name="Cause" text={of.detail ?? of.reason?.replaceAll("_", " ") ?? null} />
        <Line name="Next" text={of.next} />
        {of.turn !== "automatic" && <Line name="What to do" text={of.remedy} />}
        {of.turn !== null && of.turn !== "automatic" && <Line name="Whose turn" text={of.turn} />}
      </dl>
      {isGivenUp && (
        <p>
          <SubjectLink type={of.subject_type} id={of.subject_id}>
            Open this work to retry it
          </SubjectLink>
        </p>
      )}
    </>
  );
}

function Line({ name, text }: { readonly name: string; readonly text: string | null }) {
  if (text === null) return null;
  return (
    <div className={styles.line}>
      <dt>{name}</dt>
      <dd dir="auto">{text}</dd>
    </div>
  );
}

function urgentFirst(steps: readonly Step[]): readonly Step[] {
  return steps.toSorted((one, other) => rank(one) - rank(other));
}

function rank(step: Step): number {
  if (step.status === "failed") return 0;
  return step.turn === "automatic" ? 2 : 1;
}
