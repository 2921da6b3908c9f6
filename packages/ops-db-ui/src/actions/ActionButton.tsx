import { type ReactNode, useId, useState } from "react";
import styles from "~/actions/ActionButton.module.css";
import { ActionDialog, type ActionOfDialog } from "~/actions/ActionDialog";
import { type OperationId, useMissingPermission } from "~/api/permissions";
import { useUnchangeable } from "~/api/ready";
import { Button } from "~/components/Button";

/** What one button does, to one thing or to many. */
export interface Action extends ActionOfDialog {
  /** The call; who may not use it finds the button disabled, with the reason. */
  readonly operation: OperationId;
  /** Text of the button: `Retry`. */
  readonly label: string;
  readonly kind?: "plain" | "main" | "danger" | "quiet";
  /** Why it is not possible now, in words: `It is suspended already.`; null: it is. */
  readonly impossible?: string | null;
}

/** A button that asks in a dialog before it does something, and tells what came of it. */
export function ActionButton({
  operation,
  label,
  kind = "plain",
  impossible = null,
  ...action
}: Action): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const missing = useMissingPermission(operation);
  const unchangeable = useUnchangeable();
  const reason =
    missing !== null
      ? `Needs the permission ${missing}, which you do not have.`
      : (unchangeable ?? impossible);
  const id = useId();
  return (
    <span className={styles.place}>
      <Button
        kind={kind}
        aria-disabled={reason !== null}
        aria-describedby={reason === null ? undefined : id}
        aria-haspopup="dialog"
        data-verb={action.title.replace(/\?$/, "")}
        data-refused={reason ?? undefined}
        onClick={() => reason === null && setOpen(true)}
      >
        {label}
      </Button>
      {reason !== null && (
        <span id={id} className={styles.reason} role="tooltip">
          {reason}
        </span>
      )}
      {isOpen && <ActionDialog {...action} label={label} kind={kind} onClose={() => setOpen(false)} />}
    </span>
  );
}
