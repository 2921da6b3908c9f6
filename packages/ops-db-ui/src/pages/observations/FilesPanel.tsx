import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { useGet } from "~/api/get";
import { Empty } from "~/components/Empty";
import page from "~/components/Page.module.css";
import { Bytes } from "~/components/Quantity";
import { State } from "~/components/State";
import type { Column } from "~/lists/columns";
import { DataTable } from "~/lists/DataTable";
import { ListView } from "~/lists/ListView";
import type { RawFile } from "~/pages/observations/answers";
import { FileChecksum } from "~/pages/observations/FileChecksum";
import { FileContent } from "~/pages/observations/FileContent";
import { FileDecision } from "~/pages/observations/FileDecision";
import { FileName } from "~/pages/observations/FileName";
import styles from "~/pages/observations/FilesPanel.module.css";

const MOST_BAD = 20;

const COLUMNS: readonly Column<RawFile>[] = [
  {
    id: "path",
    header: "File",
    card: "title",
    sort: "relative_path",
    cell: ({ relative_path }) => <FileName path={relative_path} />,
  },
  { id: "state", header: "State, package", card: "state", cell: (file) => <FileState of={file} /> },
  {
    id: "size",
    header: "Size",
    align: "end",
    card: "time",
    sort: "size",
    cell: ({ size }) => <Bytes value={size} />,
  },
  { id: "checksum", header: "Checksum", card: "fold", cell: (file) => <FileChecksum of={file} /> },
  { id: "content", header: "Get it", card: "why", cell: (file) => <FileContent of={file} /> },
];

const BAD_COLUMNS: readonly Column<RawFile>[] = [
  {
    id: "path",
    header: "File",
    card: "title",
    cell: ({ relative_path }) => <FileName path={relative_path} />,
  },
  {
    id: "problem",
    header: "What is wrong",
    card: "why",
    cell: ({ problem }) => <span dir="auto">{problem}</span>,
  },
  { id: "checksum", header: "Checksum as filed", card: "fold", cell: (file) => <FileChecksum of={file} /> },
  { id: "decision", header: "Decision", cell: (file) => <FileDecision of={file} /> },
];

/** The files of an observation as they were filed: the bad ones first, then all, to search, download and compare. */
export function FilesPanel({ id }: { readonly id: string }) {
  const heading = useId();
  return (
    <section className={page.panel} aria-labelledby={heading}>
      <h2 id={heading}>Files</h2>
      <BadFiles query={{ execution_id: id }} />
      <ListView
        operation="list_raw_data_files"
        path="/api/v1/raw-data-files"
        label="Files of this observation"
        columns={COLUMNS}
        defaultSort="relative_path"
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

/** The files of an observation or package that are not as they were filed; nothing where there is none. */
export function BadFiles({
  query,
}: {
  readonly query: { readonly execution_id: string } | { readonly package_id: string };
}) {
  const bad = useGet("/api/v1/raw-data-files", {
    params: { query: { ...query, problem: true, limit: MOST_BAD } },
  });
  const files = bad.data?.items ?? [];
  if (files.length === 0) return null;
  return (
    <div className={styles.bad}>
      <h3>
        {files.length === 1 ? "This file is not as it was filed" : "These files are not as they were filed"}
      </h3>
      <DataTable label="Bad files" rows={files} columns={BAD_COLUMNS} />
    </div>
  );
}

/** Whether it is packed, in which package, or what is wrong with it. */
function FileState({ of: file }: { readonly of: RawFile }) {
  const [look, word] =
    file.problem !== null
      ? ["failed", file.left_out ? "left out" : "bad"]
      : file.member_checksum === null
        ? ["waiting", "not packed yet"]
        : ["completed", "packed"];
  return (
    <span className={styles.state}>
      <State of={look} word={word} />
      {file.package_id !== null && (
        <Link to="/packages/$id" params={{ id: file.package_id }} className={styles.package}>
          {file.module}
        </Link>
      )}
    </span>
  );
}
