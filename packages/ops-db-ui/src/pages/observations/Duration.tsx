import type { Execution } from "~/pages/observations/answers";
import styles from "~/pages/observations/columns.module.css";
import { span } from "~/time/format";
import { useSaid } from "~/time/now";

/** How long an observation took, or takes so far. */
export function Duration({ of }: { readonly of: Pick<Execution, "started_at" | "ended_at"> }) {
  const took = useSaid((now) => {
    const end = of.ended_at === null ? now : new Date(of.ended_at);
    return span(end.getTime() - new Date(of.started_at).getTime());
  });
  return <span className={styles.short}>{took}</span>;
}
