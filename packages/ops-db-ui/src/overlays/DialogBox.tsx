import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { useEffect, useId } from "react";
import { Button } from "~/components/Button";
import type { DialogProps } from "~/components/Dialog";
import styles from "~/overlays/DialogBox.module.css";

/** Ids of the dialogs that are open, the uppermost last. */
const open: string[] = [];

/** The dialog of `Dialog`. */
export function DialogBox({ title, open: isOpen, onClose, children }: DialogProps) {
  const id = useId();
  useEffect(() => {
    if (!isOpen) return;
    open.push(id);
    return () => void open.splice(open.indexOf(id), 1);
  }, [isOpen, id]);
  // Escape and presses are told to all dialogs, also to those below the uppermost.
  const close = () => open.at(-1) === id && onClose?.();
  return (
    <Base.Root open={isOpen} onOpenChange={(wanted) => !wanted && close()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={styles.dialog}>
          <div className={styles.head}>
            <Base.Title>{title}</Base.Title>
            {onClose !== undefined && (
              <Base.Close render={<Button kind="quiet" aria-label="Close" className={styles.close ?? ""} />}>
                <X aria-hidden size={16} />
              </Base.Close>
            )}
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
