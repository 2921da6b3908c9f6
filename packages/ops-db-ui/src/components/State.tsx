import styles from "~/components/State.module.css";
import { lookOf } from "~/components/states";

const SHORT = 24;

/** A state as icon and word, with a tone that is never the only sign. */
export function State({ of: state, word }: { readonly of: string; readonly word?: string }) {
  const look = lookOf(state);
  const Icon = look.icon;
  const text = word ?? look.word;
  return (
    <span className={styles.state} data-tone={look.tone}>
      <Icon aria-hidden size={14} strokeWidth={2.25} className={styles.icon} />
      <span className={styles.word} dir="auto" title={SHORT < text.length ? text : undefined}>
        {text}
      </span>
    </span>
  );
}
