import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "~/components/Button";
import styles from "~/components/Dialog.module.css";

/** A dialog over the page; a sheet from below on narrow screens. Escape closes it unless it must be answered. */
export function Dialog({
  title,
  open,
  onClose,
  children,
}: {
  readonly title: string;
  readonly open: boolean;
  /** Left out: the dialog cannot be closed without an answer. */
  readonly onClose?: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Base.Root open={open} onOpenChange={(wanted) => !wanted && onClose?.()}>
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
