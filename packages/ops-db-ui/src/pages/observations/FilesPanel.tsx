import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useId } from "react";
import { CopyText } from "~/components/CopyText";
import { Empty } from "~/components/Empty";
import { Bytes } from "~/components/Quantity";
import type { Column } from "~/lists/columns";
import { ListView } from "~/lists/ListView";
import type { RawFile } from "~/pages/observations/answers";
import { checkerOf, checksumLine } from "~/pages/observations/checksum";
import styles from "~/pages/observations/FilesPanel.module.css";

const COLUMNS: readonly Column<RawFile>[] = [
  {
    id: "path",
    header: "Path",
    card: "title",
    cell: (file) => (
      <span dir="auto" className={styles.path}>
        {file.relative_path}
      </span>
    ),
  },
  {
    id: "size",
    header: "Size",
    align: "end",
    card: "time",
    sort: "size",
    cell: ({ size }) => <Bytes value={size} />,
  },
  { id: "package", header: "Package", card: "state", cell: (file) => <PackageOf file={file} /> },
  { id: "content", header: "Get it", card: "why", cell: (file) => <Content of={file} /> },
  { id: "checksum", header: "Checksum", wide: true, card: "fold", cell: (file) => <Checksum of={file} /> },
];

/** The files of an observation as they were filed, to search, download and compare. */
export function FilesPanel({ id }: { readonly id: string }) {
  const heading = useId();
  return (
    <section className={styles.panel} aria-labelledby={heading}>
      <h2 id={heading}>Files</h2>
      <ListView
        operation="list_raw_data_files"
        path="/api/v1/raw-data-files"
        label="Files of this observation"
        columns={COLUMNS}
        fixed={{ execution_id: id }}
        empty={
          <Empty title="No file has been filed.">
            <p>Files appear here as soon as the instrument files them.</p>
          </Empty>
        }
      />
    </section>
  );
}

function PackageOf({ file }: { readonly file: RawFile }) {
  if (file.package_id === null) return <span>not yet</span>;
  return (
    <Link to="/packages/$id" params={{ id: file.package_id }}>
      {file.module}
    </Link>
  );
}

function Content({ of: file }: { readonly of: RawFile }) {
  if (file.member_checksum === null) return <span>once it is packed</span>;
  return (
    <a
      className={styles.download}
      href={`/api/v1/raw-data-files/${file.id}/content`}
      aria-label={`Download ${file.relative_path}`}
    >
      <Download aria-hidden size={16} /> Download
    </a>
  );
}

function Checksum({ of }: { readonly of: RawFile }) {
  const checker = checkerOf(of.checksum);
  return (
    <span className={styles.checksum}>
      <code title={checker === null ? of.checksum : `${of.checksum}; check with ${checker} -c`}>
        {of.checksum}
      </code>
      <CopyText text={checksumLine(of)} label="Copy line" />
    </span>
  );
}
