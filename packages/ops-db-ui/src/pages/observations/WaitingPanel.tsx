import { Link } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import { useWaitingReasons } from "~/api/waiting-reasons";
import { useWho } from "~/api/who";
import { known, worded } from "~/api/words";
import { brief } from "~/components/brief";
import { Panel } from "~/components/Panel";
import { withPrefix } from "~/components/quantity";
import { State } from "~/components/State";
import { SubjectLink } from "~/components/SubjectLink";
import { Time } from "~/components/Time";
import type { Step } from "~/pages/observations/answers";
import { isHeldUp } from "~/pages/observations/moves";
import styles from "~/pages/observations/WaitingPanel.module.css";

const MOST = 5;

/** What the page behind each thing that waits is called; what is not here has no page, or is this page. */
const PAGES: Readonly<Record<string, string>> = {
  package_creation: "Open this work",
  data_transfer: "Open this transfer",
  long_term_archive_transfer: "Open this archiving",
  fixity_check: "Open this check",
  staging_item: "Open this staging",
  staging_job: "Open this staging",
  deletion: "Open this deletion",
  raw_data_package: "Open this package",
  data_location: "Open this place",
};

/** Why the data of an observation do not go on: what was given up first, then what waits, each with what to do. */
export function WaitingPanel({ id }: { readonly id: string }) {
  const why = useGet("/api/v1/why/{subject}", { params: { path: { subject: id } } });
  if (why.data?.steps.length === 0) return null;
  const isMoving = why.data?.steps.every((step) => !isStopped(step) && !needsSomebody(step)) === true;
  return (
    <Panel title={isMoving ? "What happens now" : "Why it does not go on"} of={why}>
      {({ steps }) => (
        <>
          <ul className={styles.steps}>
            {alike(urgentFirst(steps))
              .slice(0, MOST)
              .map(([step, count]) => (
                <li key={`${step.subject_id} ${step.what}`} className={styles.step}>
                  <Words of={step} count={count} />
                </li>
              ))}
          </ul>
          {alike(steps).length > MOST && <p>More wait; each package below says why.</p>}
        </>
      )}
    </Panel>
  );
}

function Words({ of, count }: { readonly of: Step; readonly count: number }) {
  const reason = useWaitingReasons().get(of.reason ?? "");
  const who = useWho();
  const [look, word] = isStopped(of)
    ? [of.status ?? "", of.status === "failed" ? "given up" : "cancelled"]
    : of.status !== null && !isHeldUp(of.reason)
      ? ["in_progress", "moves now"]
      : ["waiting", "waits"];
  const page = known(PAGES, of.subject_type);
  return (
    <>
      <p className={styles.head}>
        <State of={look} word={word} />
        <span className={styles.what}>{capital(of.what)}</span>
        {of.since !== null && (
          <span className={styles.since}>
            {count > 1 && `${count} alike, the first `}since <Time at={of.since} />
          </span>
        )}
      </p>
      <dl className={styles.lines}>
        <Line name={look === "in_progress" ? "How far" : "Cause"} text={causeOf(of, reason?.text)} />
        <Line name="By itself" text={of.next} />
        {needsSomebody(of) && <Line name="What to do" text={of.remedy} />}
        {needsSomebody(of) && (
          <Line name="Whose turn" text={of.turn && who(of.turn, [of.subject_id, of.what, of.detail])} />
        )}
      </dl>
      {page !== undefined && (
        <p className={styles.links}>
          <SubjectLink type={of.subject_type} id={of.subject_id}>
            {isStopped(of) ? `${page}, to retry it once that is done` : page}
            {count > 1 && " (the first)"}
          </SubjectLink>
          {of.reason === "route_circuit_open" && <Link to="/errors">Open errors</Link>}
        </p>
      )}
    </>
  );
}

/** Whether it was given up or cancelled. */
function isStopped({ status }: Step): boolean {
  return status === "failed" || status === "cancelled";
}

/** Whether somebody has to do something; a running observation ends without our doing. */
function needsSomebody({ turn, reason }: Step): boolean {
  return turn !== null && turn !== "automatic" && reason !== "execution_running";
}

/** Return the cause: what the reason is called, then its names and figures; of what was given up its error in short. */
function causeOf(step: Step, text: string | undefined): string | null {
  const { reason, detail } = step;
  if (isStopped(step) && detail !== null) return brief(detail);
  const bytes = /^(\d+) of (\d+) bytes$/.exec(detail ?? "");
  if (bytes !== null) return `${withPrefix(Number(bytes[1]), "B")} of ${withPrefix(Number(bytes[2]), "B")}`;
  const called = text ?? (reason === null ? null : worded(reason));
  return [called, detail].filter((part) => part !== null).join(": ") || null;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
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

/** Return steps that differ in their subject alone as one, the oldest of them, with how many there are. */
function alike(steps: readonly Step[]): readonly (readonly [Step, number])[] {
  const groups = new Map<string, Step[]>();
  for (const step of steps) {
    const key = JSON.stringify([step.what, step.status, step.reason, step.detail]);
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group.toSorted((one, other) => (one.since ?? "").localeCompare(other.since ?? ""));
    return first === undefined ? [] : [[first, group.length] as const];
  });
}

function urgentFirst(steps: readonly Step[]): readonly Step[] {
  return steps.toSorted((one, other) => rank(one) - rank(other));
}

function rank(step: Step): number {
  if (isStopped(step)) return 0;
  return needsSomebody(step) ? 1 : isHeldUp(step.reason) ? 2 : 3;
}
