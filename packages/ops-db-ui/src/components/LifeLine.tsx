import { useId } from "react";
import { Hatch } from "~/components/Hatch";
import styles from "~/components/LifeLine.module.css";
import { type DrawnStep, drawnSteps, isOpen, type LifeStep, leastWidth } from "~/components/life-steps";
import { Bytes, Rate } from "~/components/Quantity";
import { percent } from "~/components/quantity";
import { SubjectLink } from "~/components/SubjectLink";
import { Time } from "~/components/Time";
import { useWidth } from "~/components/width";
import { usePreferences } from "~/preferences/preferences";
import { dayOf, shown, span } from "~/time/format";
import { useNow } from "~/time/now";
import { useSiteTime } from "~/time/site";

export type { LifeStep } from "~/components/life-steps";

const KIND_WORDS: Readonly<Record<LifeStep["kind"], string>> = {
  done: "",
  wait: "Waits: ",
  attempt: "Tried: ",
  failure: "Failed: ",
  now: "Now: ",
  next: "Next: ",
  other: "",
};

/**
 * The life of a thing from left to right, upright where it is narrow: what was done, how long it took, what it waited
 * for, what failed, what comes next. Lengths grow with the logarithm of time; every span says its time.
 */
export function LifeLine({ steps }: { readonly steps: readonly LifeStep[] }) {
  const id = useId();
  const now = useNow();
  const drawn = drawnSteps(steps, now);
  const [figure, width] = useWidth<HTMLElement>();
  const days = useDays(steps);
  const basis = leastWidth(steps.length, width);
  return (
    <figure ref={figure} className={styles.line} data-drawing aria-label={nameOf(steps, now)}>
      <svg width="0" height="0" aria-hidden="true" className={styles.defs}>
        <Hatch id={id} />
      </svg>
      <ol className={styles.steps}>
        {drawn.map((step, index) => (
          <li
            key={step.id}
            className={styles.step}
            data-kind={step.kind}
            data-tone={step.tone}
            style={{ flexGrow: step.weight, flexBasis: basis }}
          >
            <Track
              step={step}
              isLast={index === drawn.length - 1}
              hatch={`url(#${id})`}
              next={drawn[index + 1]}
            />
            <Words step={step} day={days[index] ?? null} sameDay={days[index] === days[index - 1]} />
          </li>
        ))}
      </ol>
    </figure>
  );
}

function rateOf({ kind, bytes, took, rate = null }: DrawnStep): number | null {
  if (kind !== "done") return rate;
  return bytes === null || took === null || took === 0 ? null : (bytes / took) * 1_000;
}

/** The day of each step as the person wants moments shown; null where that has no days. */
function useDays(steps: readonly LifeStep[]): readonly (string | null)[] {
  const { time } = usePreferences();
  const site = useSiteTime();
  return steps.map(({ at }) => {
    if (at === null) return null;
    const moment = new Date(at);
    return dayOf(shown(moment, time, moment, site));
  });
}

function Words({
  step,
  day,
  sameDay,
}: {
  readonly step: DrawnStep;
  readonly day: string | null;
  /** The step before it was on the same day, which need not be said again. */
  readonly sameDay: boolean;
}) {
  const { took } = step;
  const rate = rateOf(step);
  const { total = null, nextAt = null } = step;
  return (
    <div className={styles.words}>
      <p className={styles.at}>
        {step.at === null ? (
          <span>{step.kind === "next" ? "to come" : "time unknown"}</span>
        ) : (
          <Time at={step.at} brief={day !== null && sameDay} />
        )}
      </p>
      <p className={styles.title} dir="auto">
        {KIND_WORDS[step.kind] !== "" && <span className="visually-hidden">{KIND_WORDS[step.kind]}</span>}
        <SubjectLink type={step.subject?.type ?? ""} id={step.subject?.id ?? ""}>
          {step.title}
        </SubjectLink>
      </p>
      <p className={styles.facts} hidden={took === null && step.bytes === null}>
        {took !== null && <span>{isOpen(step) ? `for ${span(took)}` : span(took)}</span>}
        {step.bytes !== null && total !== null && <span>{percent(step.bytes, total)}</span>}
        {step.bytes !== null && (
          <span>
            <Bytes value={step.bytes} />
            {total !== null && (
              <>
                {" of "}
                <Bytes value={total} />
              </>
            )}
          </span>
        )}
        {rate !== null && <Rate value={rate} />}
      </p>
      {nextAt !== null && (
        <p>
          {step.kind === "now" ? "ends" : "next attempt"} <Time at={nextAt} as="age" />
        </p>
      )}
      {step.detail !== null && (
        <p className={styles.detail} dir="auto">
          {step.detail}
        </p>
      )}
      {step.who !== null && (
        <p className={styles.who} dir="auto">
          {step.who}
        </p>
      )}
      {step.gap > 0 && <p className={styles.later}>{span(step.gap)} later</p>}
    </div>
  );
}

const CENTRE = 12;

function Track({
  step,
  next,
  isLast,
  hatch,
}: {
  readonly step: DrawnStep;
  readonly next: DrawnStep | undefined;
  readonly isLast: boolean;
  readonly hatch: string;
}) {
  const comes = next?.kind === "next";
  return (
    <div className={styles.track}>
      <svg className={styles.across} aria-hidden="true">
        {!isLast && (
          <line className={styles.rest} data-comes={comes} x1={CENTRE} x2="100%" y1={CENTRE} y2={CENTRE} />
        )}
        {step.part > 0 && (
          <>
            <rect className={styles.span} x={CENTRE} y={CENTRE - 4} width={`${step.part}%`} height="8" />
            {step.kind === "wait" && (
              <rect x={CENTRE} y={CENTRE - 4} width={`${step.part}%`} height="8" fill={hatch} />
            )}
          </>
        )}
        <Mark step={step} />
      </svg>
      <svg className={styles.upright} aria-hidden="true">
        {!isLast && (
          <line className={styles.rest} data-comes={comes} x1={CENTRE} x2={CENTRE} y1={CENTRE} y2="100%" />
        )}
        {step.part > 0 && (
          <>
            <rect className={styles.span} x={CENTRE - 4} y={CENTRE} width="8" height={`${step.part}%`} />
            {step.kind === "wait" && (
              <rect x={CENTRE - 4} y={CENTRE} width="8" height={`${step.part}%`} fill={hatch} />
            )}
          </>
        )}
        <Mark step={step} />
      </svg>
      {step.gap > 0 && (
        <span className={styles.gap} aria-hidden>
          {span(step.gap)}
        </span>
      )}
    </div>
  );
}

/**
 * The sign of a step: a disc for done, a cross in a diamond for failed, bars for a wait, a ring for now, dashes for
 * next, a circle for what this version does not know.
 */
function Mark({ step }: { readonly step: LifeStep }) {
  const at = { cx: CENTRE, cy: CENTRE };
  switch (step.kind) {
    case "attempt":
    case "failure":
      return (
        <g className={styles.mark}>
          <path d="M12 2 22 12 12 22 2 12Z" className={styles.filled} />
          <path d="m9 9 6 6m0-6-6 6" className={styles.sign} />
        </g>
      );
    case "wait":
      return (
        <g className={styles.mark}>
          <circle {...at} r="8" className={styles.filled} />
          <path d="M10 8.5v7m4-7v7" className={styles.sign} />
        </g>
      );
    case "now":
      return (
        <g className={styles.mark}>
          <circle {...at} r="10" className={styles.halo} />
          <circle {...at} r="7.5" className={styles.hollow} />
          <circle {...at} r="3.5" className={styles.filled} />
        </g>
      );
    case "next":
      return <circle {...at} r="7" className={styles.coming} />;
    case "other":
      return <circle {...at} r="7" className={styles.hollow} />;
    case "done":
      return (
        <g className={styles.mark}>
          <circle {...at} r="8" className={styles.filled} />
          <path d="m8.5 12.2 2.5 2.5 4.5-5" className={styles.sign} />
        </g>
      );
  }
}

function nameOf(steps: readonly LifeStep[], now: Date): string {
  const first = steps.find((step) => step.at !== null);
  const last = steps.findLast((step) => step.kind !== "next");
  const failures = steps.filter((step) => step.kind === "failure").length;
  const next = steps.find((step) => step.kind === "next");
  const parts = [`Life line of ${steps.length} ${steps.length === 1 ? "step" : "steps"}`];
  if (first?.at != null && last?.at != null) {
    const ended = isOpen(last) ? now.toISOString() : (last.until ?? last.at);
    parts.push(`over ${span(new Date(ended).getTime() - new Date(first.at).getTime())}`);
  }
  if (failures > 0) parts.push(`${failures} failed`);
  if (last !== undefined) parts.push(`${isOpen(last) ? "now" : "last"}: ${last.title}`);
  if (next !== undefined) parts.push(`next: ${next.title}`);
  return parts.join(", ");
}
