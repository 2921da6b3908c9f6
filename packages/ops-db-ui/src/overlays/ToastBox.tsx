import { Toast } from "@base-ui/react/toast";
import { X } from "lucide-react";
import { useEffect } from "react";
import { tellResults } from "~/actions/toasts";
import styles from "~/overlays/ToastBox.module.css";

/** Where `Toasts` tells results. */
export function ToastBox() {
  return (
    <Toast.Provider>
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <Shown />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function Shown() {
  const manager = Toast.useToastManager();
  const { add } = manager;
  useEffect(() => tellResults((title) => add({ title })), [add]);
  return manager.toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={styles.toast} swipeDirection={[]}>
      <Toast.Content className={styles.content}>
        <Toast.Title render={<p />} />
        <Toast.Close className={styles.close} aria-label="Close">
          <X aria-hidden size={16} />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
