import { CopyText } from "~/components/CopyText";
import { remedySteps } from "~/components/remedy";
import styles from "~/pages/work/Remedy.module.css";

/** What to do in a line, with the command in it ready to be copied and the name of the place filled in. */
export function Remedy({ text, where }: { readonly text: string; readonly where: string | null }) {
  return remedySteps(text, where).map((step) => (
    <span key={step.text}>
      {step.text}{" "}
      {step.command !== null && (
        <>
          <code className={styles.command}>{step.command}</code> <CopyText text={step.command} label="Copy" />
        </>
      )}
    </span>
  ));
}
