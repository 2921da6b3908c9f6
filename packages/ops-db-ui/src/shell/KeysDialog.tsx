import { Dialog } from "~/components/Dialog";
import styles from "~/shell/KeysDialog.module.css";
import { KEY_LIST } from "~/shell/key-list";

/** Lists the keys. */
export function KeysDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  return (
    <Dialog title="Keys" open={open} onClose={onClose}>
      <div className={styles.groups}>
        {KEY_LIST.map(([where, keys]) => (
          <section key={where}>
            <h3>{where}</h3>
            <dl>
              {keys.map(({ keys: names, does }) => (
                <div key={does} className={styles.key}>
                  <dt>
                    {names.map((name) => (
                      <kbd key={name}>{name}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className={styles.note}>Keys of one letter can be switched off in the menu with your name.</p>
    </Dialog>
  );
}
