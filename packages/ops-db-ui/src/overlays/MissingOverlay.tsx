import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { Button } from "~/components/Button";
import styles from "~/overlays/DialogBox.module.css";
import { MissingPart } from "~/shell/MissingPart";

/** What is told over a page in place of something that could not be loaded; a dialog that the browser itself has. */
export function MissingOverlay({
  title,
  onClose,
}: {
  readonly title: string;
  /** Left out: it cannot be closed without an answer. */
  readonly onClose?: () => void;
}) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => box.current?.showModal(), []);
  return (
    <dialog
      ref={box}
      className={styles.missing}
      aria-label={title}
      onCancel={(event) => onClose === undefined && event.preventDefault()}
      onClose={onClose}
    >
      <div className={styles.head}>
        <h2>{title}</h2>
        {onClose !== undefined && (
          <Button
            kind="quiet"
            aria-label="Close"
            className={styles.close ?? ""}
            onClick={() => box.current?.close()}
          >
            <X aria-hidden size={16} />
          </Button>
        )}
      </div>
      <MissingPart />
    </dialog>
  );
}
