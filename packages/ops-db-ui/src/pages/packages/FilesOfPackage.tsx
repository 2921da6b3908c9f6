import type { components } from "~/api/schema.gen";
import { CopyText } from "~/components/CopyText";
import { Empty } from "~/components/Empty";
import page from "~/components/Page.module.css";
import { Bytes } from "~/components/Quantity";
import { State } from "~/components/State";
import type { Column } from "~/lists/columns";
import { ListView } from "~/lists/ListView";
import { checksumLine } from "~/pages/observations/checksum";
import { FileContent } from "~/pages/observations/FileContent";
import styles from "~/pages/packages/FilesOfPackage.module.css";

type File = components["schemas"]["File"];

const columnsFor = (failure: string | null): readonly Column<File>[] => [
  {
    id: "path",
    header: "File",
    card: "title",
    cell: ({ relative_path }) => <Path of={relative_path} />,
  },
  {
    id: "bad",
    header: "State",
    card: "state",
    cell: ({ relative_path }) =>
      isNamed(relative_path, failure) && <State of="failed" word="stops the package" />,
  },
  { id: "size", header: "Size", align: "end", card: "time", cell: ({ size }) => <Bytes value={size} /> },
  {
    id: "checksum",
    header: "Checksum as filed",
    wide: true,
    cell: (file) => (
      <span className={styles.checksum}>
        <code>{file.checksum}</code>
        <CopyText text={checksumLine(file)} label="Copy line" />
      </span>
    ),
  },
  {
    id: "get",
    header: "Get",
    cell: (file) => <FileContent of={file} />,
  },
];

/** The files of a package, each with its checksum; once the tar is made, one can be downloaded alone. */
export function FilesOfPackage({
  id,
  failure,
}: {
  readonly id: string;
  /** Message of what was given up, which may begin with the name of a file. */
  readonly failure: string | null;
}) {
  const columns = columnsFor(failure);
  return (
    <section className={page.stack}>
      <h2>Files</h2>
      <ListView
        operation="list_package_files"
        path="/api/v1/raw-data-packages/{package_id}/files"
        pathParams={{ package_id: id }}
        label="Files of this package"
        columns={failure === null ? columns.filter((column) => column.id !== "bad") : columns}
        fixed={{ sort: "relative_path" }}
        empty={<Empty title="The package has no file." />}
      />
    </section>
  );
}

function Path({ of: path }: { readonly of: string }) {
  const end = path.lastIndexOf("/") + 1;
  return (
    <span className={page.fixed}>
      <span className={styles.folder}>{path.slice(0, end)}</span>
      <span className={styles.name}>{path.slice(end)}</span>
    </span>
  );
}

/** Whether a message begins with the name of a file. */
function isNamed(path: string, message: string | null): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return message !== null && (message.startsWith(`${name}:`) || message.startsWith(`${path}:`));
}
