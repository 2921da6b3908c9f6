import styles from "~/pages/work/OpenWorkRows.module.css";

/** What people call the package of a piece of work: its obs unit, below that its module and part. */
export function PackageOf({
  work: { obs_unit, module, part_number },
  otherwise,
}: {
  readonly work: {
    readonly obs_unit: string | null;
    readonly module: string | null;
    readonly part_number: number | null;
  };
  /** What is said of work that belongs to no observation. */
  readonly otherwise: string;
}) {
  if (obs_unit === null) return otherwise;
  const parts = [module, part_number === null ? null : `part ${part_number}`];
  const part = parts.filter((text) => text !== null).join(" · ");
  return (
    <>
      {obs_unit}
      {part !== "" && <span className={styles.second}>{part}</span>}
    </>
  );
}
