import { Link, useParams } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { CopyAs } from "~/components/CopyAs";
import { CopyText } from "~/components/CopyText";
import { KeyValues } from "~/components/KeyValues";
import { LifeLine } from "~/components/LifeLine";
import { LinkButton } from "~/components/LinkButton";
import page from "~/components/Page.module.css";
import { PageTitle } from "~/components/PageTitle";
import { Panel } from "~/components/Panel";
import { Bytes, Count } from "~/components/Quantity";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { Why } from "~/components/Why";
import { CopiesTable } from "~/pages/packages/CopiesTable";
import { FilesOfPackage } from "~/pages/packages/FilesOfPackage";
import { drawable } from "~/pages/packages/life";
import { whereabouts } from "~/pages/packages/whereabouts";

type Package = components["schemas"]["Package"];

/** Where a package is, in how many copies, and what comes next. */
export function PackagePage() {
  const { id } = useParams({ from: "/_shell/packages/$id" });
  const params = { path: { package_id: id } };
  const found = useGet("/api/v1/raw-data-packages/{package_id}", { params });
  const life = useGet("/api/v1/raw-data-packages/{package_id}/life-line", { params });
  const contentAddress = `/api/v1/raw-data-packages/${id}/content`;
  return (
    <div className={page.stack}>
      <PageTitle
        title={`Package ${id.slice(0, 8)}`}
        beside={
          <>
            {found.data?.sealed_at != null && (
              <LinkButton href={contentAddress} download>
                <Download aria-hidden size={16} />
                Download tar
              </LinkButton>
            )}
            <CopyAs ccat={`ccat get ${id}`} path={contentAddress} />
          </>
        }
      >
        Package <span className={page.fixed}>{id}</span>
      </PageTitle>
      <Panel title="Where it is" of={found}>
        {(data) => <Whereabouts of={data} />}
      </Panel>
      <Panel title="Its life so far" of={life}>
        {({ steps }) => <LifeLine steps={drawable(steps)} />}
      </Panel>
      <Panel title="Copies" of={found}>
        {(data) => <CopiesTable of={data} />}
      </Panel>
      <div className={page.columns}>
        <Panel title="Facts" of={found}>
          {(data) => <Facts of={data} />}
        </Panel>
      </div>
      <FilesOfPackage id={id} />
    </div>
  );
}

function Whereabouts({ of: data }: { readonly of: Package }) {
  return (
    <>
      <p className={page.row}>
        <State of={data.state} />
        <span className={page.lead}>{whereabouts(data)}</span>
      </p>
      <Why
        reason={data.waiting_reason}
        detail={data.waiting_detail}
        since={data.waiting_since}
        subject={data.id}
      />
    </>
  );
}

function Facts({ of: data }: { readonly of: Package }) {
  return (
    <KeyValues
      items={[
        [
          "Observation",
          <Link key="observation" to="/observations/$id" params={{ id: data.execution_id }}>
            {data.obs_unit}
          </Link>,
        ],
        ["Module", data.module],
        ["Part", String(data.part_number)],
        ["Files", <Count key="files" value={data.file_count} one="file" />],
        ["Data", <Bytes key="data" value={data.payload_bytes} />],
        ["Tar", <Bytes key="tar" value={data.size} />],
        ["Formed", <Time key="formed" at={data.created_at} />],
        ["Sealed", <Time key="sealed" at={data.sealed_at} />],
        ["Site", data.site],
        ["Checksum of the tar", <Checksum key="checksum" text={data.checksum} />],
        ["Checksum of the manifest", <Checksum key="manifest" text={data.manifest_checksum} />],
      ]}
    />
  );
}

function Checksum({ text }: { readonly text: string | null }) {
  if (text === null) return "not sealed yet";
  return (
    <span className={page.row}>
      <span className={page.fixed}>{text}</span>
      <CopyText text={text} label="Copy" />
    </span>
  );
}
