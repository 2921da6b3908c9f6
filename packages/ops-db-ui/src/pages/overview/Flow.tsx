import { Link } from "@tanstack/react-router";
import { OctagonX } from "lucide-react";
import { known, worded } from "~/api/words";
import { Legend } from "~/components/Legend";
import { Bytes, Count, Rate } from "~/components/Quantity";
import { grouped, withPrefix } from "~/components/quantity";
import type { FlowStep } from "~/pages/overview/answers";
import styles from "~/pages/overview/Flow.module.css";
import { FlowDrawing } from "~/pages/overview/FlowDrawing";
import { lookOfStep } from "~/pages/overview/flow-pipe";
import { Part } from "~/pages/overview/Part";

/** The names of the steps, and what has still to be done with what is there. */
const STEPS: Readonly<Record<FlowStep["step"], readonly [name: string, what: string]>> = {
  source: ["Source", "to package"],
  buffer: ["Buffer", "to send"],
  link: ["Link", "under way"],
  archive: ["Archive", "to write"],
  verified: ["Verification", "to verify"],
  removed: ["Removal", "to remove at the source"],
};

/** The way of the data: what is at each step, how fast it passes, and where it stops. */
export function Flow({ steps }: { readonly steps: readonly FlowStep[] }) {
  return (
    <Part title="Flow" beside={<FlowLegend steps={steps} />} folded={inShort(steps)}>
      <div className={styles.figure}>
        <FlowDrawing steps={steps} />
        <ol className={styles.flow}>
          {steps.map((step, place) => (
            <Step key={step.step} step={step} stopsAt={stopsAt(steps, place)} />
          ))}
        </ol>
      </div>
    </Part>
  );
}

function nameOf({ step }: FlowStep): string {
  return known(STEPS, step)?.[0] ?? worded(step);
}

/** The flow in a few words. */
function inShort(steps: readonly FlowStep[]): string {
  const stops = steps.filter((step) => step.stopped_by !== null).map((step) => nameOf(step));
  if (stops.length > 0) return `stops at ${stops.join(", ")}`;
  const link = steps.find((step) => step.step === "link")?.rate;
  return link ? `${withPrefix(link, "B/s")} over the link` : "nothing moves";
}

const SIGNS = {
  moving: "moving, rate of the last hour",
  still: "nothing passes",
  stopped: "stopped",
} as const;

/** What the signs that the drawing has mean. */
function FlowLegend({ steps }: { readonly steps: readonly FlowStep[] }) {
  const looks = new Set<string>(steps.map(lookOfStep));
  const items = Object.entries(SIGNS)
    .filter(([look]) => looks.has(look))
    .map(([look, words]) => ({ sign: <span className={styles.sign} data-look={look} />, words }));
  return <Legend items={items} />;
}

/** Return at how many steps from here on the same thing stops the flow; 0: none, or told at a step before. */
function stopsAt(steps: readonly FlowStep[], place: number): number {
  const stop = steps[place]?.stopped_by;
  if (stop == null) return 0;
  const isSame = (one: FlowStep | undefined) =>
    one?.stopped_by?.reason === stop.reason && one.stopped_by.where === stop.where;
  if (isSame(steps[place - 1])) return 0;
  const after = steps.slice(place).findIndex((one) => !isSame(one));
  return after < 0 ? steps.length - place : after;
}

function Step({ step, stopsAt }: { readonly step: FlowStep; readonly stopsAt: number }) {
  const what = known(STEPS, step.step)?.[1] ?? "";
  const stop = step.stopped_by;
  return (
    <li className={styles.step} data-look={lookOfStep(step)}>
      <p className={styles.rate}>
        <Rate value={step.rate} />
      </p>
      <h3 className={styles.name}>{nameOf(step)}</h3>
      <p className={styles.count}>
        {grouped(step.packages)}{" "}
        <span className={styles.unit}>{step.packages === 1 ? "package" : "packages"}</span>
      </p>
      <p className={styles.what}>
        <Bytes value={step.bytes} /> {what}
      </p>
      {stop !== null && stopsAt > 0 && (
        <p className={styles.stop} data-steps={stopsAt}>
          <OctagonX aria-hidden size={16} />
          <span>
            <Link to="/work" search={{ open: stop.reason }}>
              {stop.text}
            </Link>
            {stop.where !== null && `, ${stop.where}`}:{" "}
            <Count value={stop.count} one="package waits" many="packages wait" />
          </span>
        </p>
      )}
      {step.given_up > 0 && (
        <p className={styles.stop} data-steps={1}>
          <OctagonX aria-hidden size={16} />
          <Link to="/work" search={{ reason: "given_up", open: "given_up" }}>
            {grouped(step.given_up)} given up
          </Link>
        </p>
      )}
    </li>
  );
}
