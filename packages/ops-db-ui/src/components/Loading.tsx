import styles from "~/components/Loading.module.css";

/** Grey shapes of about the size of what is loading; they appear after 200 ms. */
export function Loading({ lines = 4 }: { readonly lines?: number }) {
  return (
    <div className={styles.loading} role="status">
      <span className="visually-hidden">Loading</span>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines that are all alike
        <span key={line} className={styles.line} aria-hidden />
      ))}
    </div>
  );
}
