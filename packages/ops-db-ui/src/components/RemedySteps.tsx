import type { ReactNode } from "react";
import { CopyText } from "~/components/CopyText";
import styles from "~/components/RemedySteps.module.css";
import { remedySteps } from "~/components/remedy";

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
  return (
    <ol className={styles.steps}>
      {remedySteps(remedy, place).map(({ text, command }) => (
        <li key={text}>
          {text}
          {command !== null && (
            <>
              {" "}
              <code>{command}</code> <CopyText text={command} label="Copy" />
            </>
          )}
        </li>
      ))}
      {children !== undefined && children !== false && <li>{children}</li>}
    </ol>
  );
}
