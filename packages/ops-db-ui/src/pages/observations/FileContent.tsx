import { Download } from "lucide-react";
import type { RawFile } from "~/pages/observations/answers";
import styles from "~/pages/observations/FilesPanel.module.css";

/** Downloads a file out of its package; before that is sealed, the API has no address to give. */
export function FileContent({ of: file }: { readonly of: RawFile }) {
  if (file.member_checksum === null) return <span className={styles.later}>once it is packed</span>;
  return (
    <a
      className={styles.download}
      href={`/api/v1/raw-data-files/${file.id}/content`}
      download
      aria-label={`Download ${file.relative_path}`}
    >
      <Download aria-hidden size={16} /> Download
    </a>
  );
}
