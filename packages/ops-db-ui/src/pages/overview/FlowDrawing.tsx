import type { FlowStep } from "~/pages/overview/answers";
import styles from "~/pages/overview/FlowDrawing.module.css";
import { HEIGHT, LENGTH, lookOfStep, outline, runsOf, sides } from "~/pages/overview/flow-pipe";

/** The flow as a stream, as thick as what passes, cut where it stops. The list beside it says the same in words. */
export function FlowDrawing({ steps }: { readonly steps: readonly FlowStep[] }) {
  return (
    <div className={styles.drawing} aria-hidden="true">
      <div className={styles.frame}>
        <svg
          className={styles.stream}
          viewBox={`0 0 ${steps.length * LENGTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {runsOf(steps).map((run) => (
            <g key={run.first} data-look={run.look} className={styles.run}>
              {run.look === "stopped" ? (
                <path className={styles.cut} d={middleOf(run)} />
              ) : (
                <>
                  <path className={styles.water} d={outline(run)} />
                  <path className={styles.bank} d={sides(run).join(" ")} />
                  <path className={styles.current} d={middleOf(run)} />
                </>
              )}
            </g>
          ))}
        </svg>
      </div>
      {steps.map((step, place) => (
        <span
          key={step.step}
          className={styles.mark}
          data-look={lookOfStep(step)}
          style={{ insetInlineStart: `calc(var(--length) * ${place / steps.length})` }}
        />
      ))}
    </div>
  );
}

function middleOf(run: { readonly first: number; readonly sizes: readonly number[] }): string {
  const end = (run.first + run.sizes.length - 1) * LENGTH;
  return `M${run.first * LENGTH} ${HEIGHT / 2} H${end}`;
}
