import { useState } from "react";
import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { Button } from "~/components/Button";
import { Empty } from "~/components/Empty";
import { Loading } from "~/components/Loading";
import page from "~/components/Page.module.css";
import { ProblemNote } from "~/components/ProblemNote";
import { Bytes } from "~/components/Quantity";
import { grouped } from "~/components/quantity";
import type { Column } from "~/lists/columns";
import { DataTable } from "~/lists/DataTable";
import { ListView } from "~/lists/ListView";
import { NARROW, useMedia } from "~/lists/media";
import { FileChecksum } from "~/pages/observations/FileChecksum";
import { FileContent } from "~/pages/observations/FileContent";
import { FileName } from "~/pages/observations/FileName";
import { BadFiles } from "~/pages/observations/FilesPanel";

type File = components["schemas"]["File"];

const PATH = "/api/v1/raw-data-packages/{package_id}/files";
const LABEL = "Files of this package";
/** Files that a narrow screen shows before all are asked for. */
const FIRST = 10;

const COLUMNS: readonly Column<File>[] = [
  {
    id: "path",
    header: "File",
    card: "title",
    cell: ({ relative_path }) => <FileName path={relative_path} />,
  },
  { id: "size", header: "Size", align: "end", card: "time", cell: ({ size }) => <Bytes value={size} /> },
  {
    id: "checksum",
    header: "Checksum as filed",
    wide: true,
    cell: (file) => <FileChecksum of={file} />,
  },
  {
    id: "get",
    header: "Get",
    cell: (file) => <FileContent of={file} />,
  },
];

/** The files of a package, each with its checksum, the bad ones first; once it is packed, one can be downloaded alone. */
export function FilesOfPackage({
  id,
  count,
}: {
  readonly id: string;
  /** How many files it has. */
  readonly count: number;
}) {
  const isNarrow = useMedia(NARROW);
  const [isWhole, setWhole] = useState(false);
  return (
    <section className={page.panel}>
      <h2>Files</h2>
      <BadFiles query={{ package_id: id }} />
      {isNarrow && count > FIRST && !isWhole ? (
        <>
          <FirstFiles id={id} />
          <Button onClick={() => setWhole(true)}>All {grouped(count)} files</Button>
        </>
      ) : (
        <ListView
          operation="list_package_files"
          path={PATH}
          pathParams={{ package_id: id }}
          label={LABEL}
          columns={COLUMNS}
          fixed={{ sort: "relative_path" }}
          empty={<Empty title="The package has no file." />}
        />
      )}
    </section>
  );
}

/** The first files of a package: a telephone would be scrolled through all of them for what stands below. */
function FirstFiles({ id }: { readonly id: string }) {
  const query = { sort: "relative_path", limit: FIRST } as const;
  const files = useGet(PATH, { params: { path: { package_id: id }, query } });
  if (files.isError) return <ProblemNote error={files.error} again={() => void files.refetch()} />;
  if (files.data === undefined) return <Loading />;
  return <DataTable label={LABEL} rows={files.data.items} columns={COLUMNS} />;
}
