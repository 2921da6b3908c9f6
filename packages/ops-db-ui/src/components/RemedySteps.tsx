import type { ReactNode } from "react";
import { CopyText } from "~/components/CopyText";
import styles from "~/components/RemedySteps.module.css";
import { type RemedyStep, remedySteps } from "~/components/remedy";

/** What a person does about an error, step by step, with real names. */
export function RemedySteps({
  remedy,
  place = null,
  children,
}: {
  readonly remedy: string;
  /** Name of the place that is concerned, for commands. */
  readonly place?: string | null;
  /** The last step, where it can be done here. */
  readonly children?: ReactNode;
}) {
  const steps = remedy === "" ? [] : remedySteps(remedy, place);
  const hasLast = children !== undefined && children !== false;
  const [only] = steps;
  if (steps.length === 0 && hasLast) return <p>{children}</p>;
  if (only !== undefined && steps.length === 1 && !hasLast) {
    return (
      <p>
        <Step of={only} />
      </p>
    );
  }
  return (
    <ol className={styles.steps}>
      {steps.map((step) => (
        <li key={step.text}>
          <Step of={step} />
        </li>
      ))}
      {hasLast && <li>{children}</li>}
    </ol>
  );
}

function Step({ of: { text, command } }: { readonly of: RemedyStep }) {
  if (command === null) return text;
  return (
    <>
      {text} <code>{command}</code> <CopyText text={command} label="Copy" />
    </>
  );
}
