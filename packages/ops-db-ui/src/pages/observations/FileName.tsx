import styles from "~/pages/observations/FileName.module.css";

/** A file: its name first, since paths of one observation differ at their end. */
export function FileName({ path }: { readonly path: string }) {
  const cut = path.lastIndexOf("/") + 1;
  return (
    <span dir="auto" className={styles.path}>
      <span className={styles.name}>{path.slice(cut)}</span>
      {cut > 0 && <span className={styles.folder}>in {path.slice(0, cut)}</span>}
    </span>
  );
}
