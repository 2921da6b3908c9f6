import { CopyText } from "~/components/CopyText";
import type { RawFile } from "~/pages/observations/answers";
import { checkerOf, checksumLine, partsOf } from "~/pages/observations/checksum";
import styles from "~/pages/observations/FileChecksum.module.css";

/** The whole checksum: what is cut off cannot be compared. */
export function FileChecksum({ of }: { readonly of: RawFile }) {
  const checker = checkerOf(of.checksum);
  const hint = checker === null ? undefined : `Check it with ${checker} -c`;
  const [algorithm, digits] = partsOf(of.checksum);
  return (
    <span className={styles.checksum}>
      <code>{digits}</code>
      <span className={styles.algorithm} title={hint}>
        {algorithm}
        <CopyText text={checksumLine(of)} label="Copy line" />
      </span>
    </span>
  );
}
