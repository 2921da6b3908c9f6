import { Link } from "@tanstack/react-router";
import { Download } from "lucide-react";
import type { ReactNode } from "react";
import { useGet } from "~/api/get";
import { isMissing } from "~/api/problem";
import type { components } from "~/api/schema.gen";
import { useWaitingReasons } from "~/api/waiting-reasons";
import { known, worded } from "~/api/words";
import { CopyAs } from "~/components/CopyAs";
import { CopyText } from "~/components/CopyText";
import { KeyValues } from "~/components/KeyValues";
import { LifeLine } from "~/components/LifeLine";
import { LinkButton } from "~/components/LinkButton";
import { NotFound } from "~/components/NotFound";
import page from "~/components/Page.module.css";
import { PageTitle } from "~/components/PageTitle";
import { Panel } from "~/components/Panel";
import { Bytes, Count } from "~/components/Quantity";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { Why } from "~/components/Why";
import { CopiesTable } from "~/pages/packages/CopiesTable";
import { FilesOfPackage } from "~/pages/packages/FilesOfPackage";
import { GivenUp } from "~/pages/packages/GivenUp";
import { drawable, givenUp } from "~/pages/packages/life";
import { archived, whereabouts } from "~/pages/packages/whereabouts";

type Package = components["schemas"]["Package"];
type LifeLineAnswer = components["schemas"]["LifeLine"];

/** Where a package is, in how many copies, and what comes next. */
export function PackagePage({ id }: { readonly id: string }) {
  const params = { path: { package_id: id } };
  const found = useGet("/api/v1/raw-data-packages/{package_id}", { params });
  const life = useGet("/api/v1/raw-data-packages/{package_id}/life-line", { params });
  const words = useWords();
  const contentAddress = `/api/v1/raw-data-packages/${encodeURIComponent(id)}/content`;
  const { data } = found;
  if (isMissing(found)) return <NotFound missed={{ kind: "package", id }} list="packages" />;
  return (
    <div className={page.stack}>
      <div>
        <PageTitle
          title={data === undefined ? "Package" : nameOf(data)}
          beside={
            <>
              {data !== undefined && hasReadableCopy(data) && (
                <LinkButton href={contentAddress} download>
                  <Download aria-hidden size={16} />
                  Download package
                </LinkButton>
              )}
              <CopyAs ccat={["ccat", "get", id]} path={contentAddress} />
            </>
          }
        >
          Package{" "}
          {data !== undefined && (
            <>
              {data.module} · part {data.part_number} of{" "}
              <Link to="/observations/$id" params={{ id: data.execution_id }}>
                {data.obs_unit}
              </Link>
            </>
          )}
        </PageTitle>
        <p className={page.row}>
          {data !== undefined && (
            <span className={page.muted}>
              observed <Time at={data.observed_at} />
            </span>
          )}
          <span className={page.fixed}>{id}</span>
          <CopyText text={id} label="Copy id" />
        </p>
      </div>
      <Panel title="Where it is" of={found}>
        {(shown) => <Whereabouts of={shown} life={life.data} />}
      </Panel>
      <Panel title="Its life: done, now, to come" of={life}>
        {({ steps }) => <LifeLine steps={drawable(steps, words)} />}
      </Panel>
      <Panel title="Copies of the package" of={found}>
        {(shown) => <CopiesTable of={shown} />}
      </Panel>
      <Panel title="Facts" of={found}>
        {(shown) => <Facts of={shown} />}
      </Panel>
      {data !== undefined && <FilesOfPackage id={id} count={data.file_count} />}
    </div>
  );
}

/** What reasons for waiting and categories of errors are called. */
function useWords(): (code: string) => string {
  const reasons = useWaitingReasons();
  const categories = useGet("/api/v1/error-categories", {}, { live: false });
  return (code) =>
    reasons.get(code)?.text ??
    categories.data?.items.find((category) => category.code === code)?.text ??
    worded(code);
}

function Whereabouts({
  of: data,
  life,
}: {
  readonly of: Package;
  readonly life: LifeLineAnswer | undefined;
}) {
  const failure = life === undefined ? undefined : givenUp(life.steps);
  return (
    <>
      <p className={page.row}>
        <State of={stands(data)} word={known(WORDS, data.state) ?? worded(data.state)} />
        {life !== undefined && <span className={page.lead}>{archived(data, life.archives_in_doubt)}</span>}
      </p>
      <p>{whereabouts(data)}</p>
      {failure !== undefined && data.state !== "archived" && (
        <GivenUp of={failure} place={data.source_location} />
      )}
      {failure === undefined && data.state !== "archived" && (
        <Why
          reason={data.waiting_reason}
          detail={data.waiting_detail}
          since={data.waiting_since}
          subject={data.id}
        />
      )}
    </>
  );
}

/** What a state is called here: whatever does not move is not on its way. */
const WORDS: Readonly<Record<Package["state"], string>> = {
  archived: "archived",
  failed: "needs somebody",
  transferring: "not archived yet",
  waiting: "not archived yet",
};

/** The state to draw: what waits does not move. */
function stands({ state, waiting_reason }: Package): string {
  const moves =
    waiting_reason === null || waiting_reason === "in_progress" || waiting_reason === "dispatched";
  return state === "transferring" && !moves ? "waiting" : state;
}

function nameOf({ module, part_number, obs_unit }: Package): string {
  return `${module} · part ${part_number} of ${obs_unit}`;
}

function hasReadableCopy({ copies }: Package): boolean {
  return copies.some(({ status }) => status === "verified" || status === "present");
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
        ["Observed for", `${data.source} in ${data.program}`],
        ["Files", <Count key="files" value={data.file_count} one="file" />],
        ["Data", <Bytes key="data" value={data.payload_bytes} />],
        [
          "Packed",
          data.sealed_at === null ? (
            "not yet"
          ) : (
            <span key="packed">
              <Time at={data.sealed_at} />, <Bytes value={data.size} />
            </span>
          ),
        ],
        ["Formed", <Time key="formed" at={data.created_at} />],
        ...checksumsOf(data),
      ]}
    />
  );
}

function checksumsOf({ checksum, manifest_checksum }: Package): readonly (readonly [string, ReactNode])[] {
  const known = [
    ["Checksum of the package", checksum],
    ["Checksum of the manifest", manifest_checksum],
  ] as const;
  return known.flatMap(([name, text]) =>
    text === null ? [] : [[name, <Checksum key={name} text={text} />] as const],
  );
}

function Checksum({ text }: { readonly text: string }) {
  return (
    <span className={page.row}>
      <span className={page.fixed}>{text}</span>
      <CopyText text={text} label="Copy" />
    </span>
  );
}
