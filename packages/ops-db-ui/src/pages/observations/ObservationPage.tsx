import { useGet } from "~/api/get";
import { isMissing } from "~/api/problem";
import { CopyAs } from "~/components/CopyAs";
import { EventsOf } from "~/components/EventList";
import { NotFound } from "~/components/NotFound";
import { PageProblem } from "~/components/PageProblem";
import { PageTitle } from "~/components/PageTitle";
import { Time } from "~/components/Time";
import { ArrivalPanel } from "~/pages/observations/ArrivalPanel";
import type { ListedExecution, Progress } from "~/pages/observations/answers";
import { ConditionsPanel } from "~/pages/observations/ConditionsPanel";
import { DownloadLink } from "~/pages/observations/DownloadLink";
import { FilesPanel } from "~/pages/observations/FilesPanel";
import { Folded } from "~/pages/observations/Folded";
import { Neighbours } from "~/pages/observations/Neighbours";
import styles from "~/pages/observations/ObservationPage.module.css";
import { PackagesPanel } from "~/pages/observations/PackagesPanel";
import { usePackages } from "~/pages/observations/packages";
import { StagedPanel } from "~/pages/observations/StagedPanel";
import { StageOffer } from "~/pages/observations/StageOffer";
import { WaitingPanel } from "~/pages/observations/WaitingPanel";

/** Whether the data of an observation arrived, whether they are safe, and why not yet. */
export function ObservationPage({ id }: { readonly id: string }) {
  const params = { params: { path: { execution_id: id } } };
  const execution = useGet("/api/v1/executed-obs-units/{execution_id}", params);
  const progress = useGet("/api/v1/executed-obs-units/{execution_id}/progress", params);
  const packages = usePackages(id);
  const one = execution.data;
  if (isMissing(execution)) return <NotFound missed={{ kind: "observation", id }} list="observations" />;
  if (one === undefined && execution.isError) {
    return <PageProblem error={execution.error} reset={() => void execution.refetch()} />;
  }
  const isThrough = progress.data?.removed_at_source === true && progress.data.failed.length === 0;
  return (
    <>
      <PageTitle
        title={one === undefined ? "Observation" : `${one.source}, ${one.obs_unit}`}
        beside={
          <>
            {one !== undefined && progress.data !== undefined && (
              <StageOffer id={id} title={one.source} state={stateOf(progress.data)} kind="main" />
            )}
            <DownloadLink id={id} />
            <CopyAs
              ccat={["ccat", "packages", "--execution", id]}
              path={`/api/v1/executed-obs-units/${encodeURIComponent(id)}`}
            />
          </>
        }
      >
        {one === undefined ? "Observation" : one.source}
        {one !== undefined && (
          <span className={styles.unit}>
            {one.obs_unit} · {one.program} · <Time at={one.started_at} />
          </span>
        )}
      </PageTitle>
      <div className={styles.panels}>
        {one !== undefined && <Neighbours of={one} />}
        <ArrivalPanel of={progress} packages={packages.data?.items} />
        {!isThrough && <WaitingPanel id={id} />}
        <PackagesPanel id={id} isRunning={one?.status === "running"} />
        <StagedPanel id={id} />
        <Folded title="Observation and conditions">
          <ConditionsPanel of={execution} />
        </Folded>
        <Folded title="Files">
          <FilesPanel id={id} />
        </Folded>
        <Folded title="Events">
          <EventsOf subject={id} />
        </Folded>
      </div>
    </>
  );
}

/** Return what became of the data, in the words of the list. */
function stateOf(of: Progress): ListedExecution["data"]["state"] {
  if (of.packages_failed > 0) return "failed";
  if (of.status === "running") return "being_filed";
  if (of.files === 0) return "no_files";
  return of.archived ? "archived" : "on_the_way";
}
