import { Link } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { useWaitingReasons } from "~/api/waiting-reasons";
import { useWho } from "~/api/who";
import { worded } from "~/api/words";
import { Contact } from "~/components/Contact";
import { CopyAs } from "~/components/CopyAs";
import { ccatWords } from "~/components/ccat";
import { pathWith } from "~/components/copy-as";
import { Loading } from "~/components/Loading";
import { ProblemNote } from "~/components/ProblemNote";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import styles from "~/components/Why.module.css";

type Step = components["schemas"]["Step"];

const PATH = "/api/v1/why/{subject}";

/** The whole answer to why something waits: each step on the way of its data, with the remedy. */
export function WhySteps({ subject }: { readonly subject: string }) {
  const answer = useGet(PATH, { params: { path: { subject } } });
  const path = pathWith(PATH, { subject });
  if (answer.data === undefined) {
    if (!answer.isError) return <Loading />;
    return <ProblemNote error={answer.error} again={() => void answer.refetch()} />;
  }
  const { summary, steps } = answer.data;
  return (
    <>
      <p>{summary}</p>
      {steps.length > 0 && (
        <ol className={styles.steps}>
          {steps.map((step) => (
            <StepItem key={`${step.subject_type} ${step.subject_id} ${step.what}`} step={step} />
          ))}
        </ol>
      )}
      {answer.isError && <ProblemNote error={answer.error} again={() => void answer.refetch()} />}
      <div>
        <CopyAs ccat={ccatWords(path, {})} path={path} />
      </div>
    </>
  );
}

function StepItem({ step }: { readonly step: Step }) {
  const entry = useWaitingReasons().get(step.reason ?? "");
  const who = useWho();
  const turn = step.turn ?? entry?.turn ?? null;
  const next = step.next ?? entry?.next ?? null;
  return (
    <li data-waits={step.reason !== null}>
      <p className={styles.step}>
        <span>{step.what}</span>
        {step.status !== null && <State of={step.status} />}
      </p>
      {step.reason !== null && (
        <p>
          {entry?.text ?? worded(step.reason)}
          {step.since !== null && (
            <span className={styles.muted}>
              {" · since "}
              <Time at={step.since} />
            </span>
          )}
        </p>
      )}
      {step.detail !== null && <p className={styles.detail}>{step.detail}</p>}
      {step.reason !== null && (
        <dl className={styles.facts}>
          {(next !== null || step.next_at !== null) && (
            <div>
              <dt>By itself</dt>
              <dd>
                {next}
                {step.next_at !== null && (
                  <>
                    {" "}
                    <Time at={step.next_at} />
                  </>
                )}
              </dd>
            </div>
          )}
          {turn !== null && (
            <div>
              <dt>Whose turn</dt>
              <dd>
                {who(turn, [step.subject_id, step.what, step.detail])}
                {turn === "site" && <Contact where={[step.subject_id, step.what, step.detail]} />}
              </dd>
            </div>
          )}
          {step.remedy !== null && (
            <div>
              <dt>What to do</dt>
              <dd>{step.remedy}</dd>
            </div>
          )}
          {entry !== undefined && (
            <div>
              <dt>More</dt>
              <dd>
                <Link to="/help/$page" params={{ page: entry.help }}>
                  Help
                </Link>
              </dd>
            </div>
          )}
        </dl>
      )}
    </li>
  );
}
