import { Link } from "@tanstack/react-router";
import { OctagonX } from "lucide-react";
import { Bytes, Rate } from "~/components/Quantity";
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
  verified: ["Verified", "to verify"],
  removed: ["Removed", "to remove"],
};

/** The way of the data: what is at each step, how fast it passes, and where it stops. */
export function Flow({ steps }: { readonly steps: readonly FlowStep[] }) {
  return (
    <Part
      title="Flow"
      beside={<p className={styles.legend}>rates of the last hour</p>}
      folded={inShort(steps)}
    >
      <div className={styles.figure}>
        <FlowDrawing steps={steps} />
        <ol className={styles.flow}>
          {steps.map((step) => (
            <Step key={step.step} step={step} />
          ))}
        </ol>
      </div>
    </Part>
  );
}

/** The flow in a few words. */
function inShort(steps: readonly FlowStep[]): string {
  const stops = steps.filter((step) => step.stopped_by !== null).map((step) => STEPS[step.step][0]);
  if (stops.length > 0) return `stops at ${stops.join(", ")}`;
  const link = steps.find((step) => step.step === "link")?.rate;
  return link ? `${withPrefix(link, "B/s")} over the link` : "nothing moves";
}

function Step({ step }: { readonly step: FlowStep }) {
  const [name, what] = STEPS[step.step];
  const stop = step.stopped_by;
  return (
    <li className={styles.step} data-look={lookOfStep(step)}>
      <p className={styles.rate}>
        <Rate value={step.rate} />
      </p>
      <h3 className={styles.name}>{name}</h3>
      <p className={styles.count}>
        {grouped(step.packages)}
        <span className="visually-hidden"> packages</span>
      </p>
      <p className={styles.what}>
        <Bytes value={step.bytes} /> {what}
      </p>
      {stop !== null && (
        <p className={styles.stop}>
          <OctagonX aria-hidden size={16} />
          <span>
            <Link to="/work" search={{ open: stop.reason }}>
              {stop.text}
            </Link>
            {stop.where !== null && `, ${stop.where}`}: {grouped(stop.count)} stopped
          </span>
        </p>
      )}
    </li>
  );
}
