import { Download } from "lucide-react";
import type { components } from "~/api/schema.gen";
import { CopyText } from "~/components/CopyText";
import { Empty } from "~/components/Empty";
import { LinkButton } from "~/components/LinkButton";
import page from "~/components/Page.module.css";
import { Bytes } from "~/components/Quantity";
import { Time } from "~/components/Time";
import type { Column } from "~/lists/columns";
import { ListView } from "~/lists/ListView";

type File = components["schemas"]["File"];

const COLUMNS: readonly Column<File>[] = [
  {
    id: "path",
    header: "File",
    card: "title",
    cell: ({ relative_path }) => <span className={page.fixed}>{relative_path}</span>,
  },
  { id: "size", header: "Size", align: "end", card: "state", cell: ({ size }) => <Bytes value={size} /> },
  { id: "filed", header: "Filed", card: "time", wide: true, cell: ({ filed_at }) => <Time at={filed_at} /> },
  {
    id: "checksum",
    header: "Checksum as filed",
    wide: true,
    cell: ({ checksum, relative_path }) => (
      <span className={page.row}>
        <span className={page.fixed}>{checksum.length > 24 ? `${checksum.slice(0, 24)}…` : checksum}</span>
        <CopyText text={`${checksum}  ${relative_path}`} label="Copy line" />
      </span>
    ),
  },
  {
    id: "get",
    header: "Get",
    cell: ({ id, relative_path }) => (
      <LinkButton
        kind="quiet"
        href={`/api/v1/raw-data-files/${id}/content`}
        download
        aria-label={`Download ${relative_path}`}
      >
        <Download aria-hidden size={16} />
      </LinkButton>
    ),
  },
];

/** The files of a package, each with its checksum; one can be downloaded alone. */
export function FilesOfPackage({ id }: { readonly id: string }) {
  return (
    <section className={page.stack} aria-label="Files">
      <h2>Files</h2>
      <ListView
        operation="list_package_files"
        path="/api/v1/raw-data-packages/{package_id}/files"
        pathParams={{ package_id: id }}
        label="Files"
        columns={COLUMNS}
        fixed={{}}
        empty={<Empty title="The package has no file." />}
      />
    </section>
  );
}
