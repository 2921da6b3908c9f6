import { Link } from "@tanstack/react-router";
import { ActionButton } from "~/actions/ActionButton";
import { api } from "~/api/client";
import { useGet } from "~/api/get";
import { CopyAs } from "~/components/CopyAs";
import { KeyValues } from "~/components/KeyValues";
import { PageProblem } from "~/components/PageProblem";
import { PageTitle } from "~/components/PageTitle";
import { Panel } from "~/components/Panel";
import { Progress } from "~/components/Progress";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { Unknown } from "~/components/Unknown";
import type { Execution, Job } from "~/pages/staging/answers";
import { Folder } from "~/pages/staging/Folder";
import { Items } from "~/pages/staging/Items";
import { isOpen, sentenceOf } from "~/pages/staging/job";
import { Kept } from "~/pages/staging/Kept";
import styles from "~/pages/staging/StagingJobPage.module.css";
import { WhyOfJob } from "~/pages/staging/WhyOfJob";
import { whatOf } from "~/pages/staging/what";

/** Whether staged data are there, how far they are, in which folder, and until when. */
export function StagingJobPage({ id }: { readonly id: string }) {
  const job = useGet("/api/v1/staging-jobs/{job_id}", { params: { path: { job_id: id } } });
  const execution = useGet(
    "/api/v1/executed-obs-units/{execution_id}",
    { params: { path: { execution_id: job.data?.execution_id ?? "" } } },
    { enabled: job.data?.execution_id != null, live: false },
  ).data;
  if (job.data === undefined && job.isError) {
    return <PageProblem error={job.error} reset={() => void job.refetch()} />;
  }
  return (
    <>
      <PageTitle
        title={job.data === undefined ? "Staging job" : titleOf(job.data, execution)}
        beside={
          <>
            {job.data !== undefined && isOpen(job.data) && <Cancel id={id} />}
            <CopyAs ccat={`ccat why ${id}`} path={`/api/v1/staging-jobs/${id}`} />
          </>
        }
      >
        {job.data === undefined ? "Staging job" : titleOf(job.data, execution)}
        {execution !== undefined && <span className={styles.unit}>{execution.obs_unit}</span>}
      </PageTitle>
      <div className={styles.panels}>
        <Panel title="Is it there?" of={job}>
          {(one) => <Standing of={one} />}
        </Panel>
        <Panel title="Packages" of={job}>
          {({ items }) => <Items items={items} />}
        </Panel>
        <Panel title="Request" of={job}>
          {(one) => <Request of={one} execution={execution} />}
        </Panel>
      </div>
    </>
  );
}

function titleOf(job: Job, execution: Execution | undefined): string {
  return `${execution?.source ?? whatOf(job)} to ${job.destination_location}`;
}

function Standing({ of: job }: { readonly of: Job }) {
  return (
    <>
      <p className={styles.sentence}>
        <State of={job.state} /> <span>{sentenceOf(job)}</span>
      </p>
      {isOpen(job) && <Progress done={job.bytes_done} total={job.bytes_total} label="staged" unit="bytes" />}
      <WhyOfJob of={job} />
      <div className={styles.folder}>
        <span className={styles.name}>Folder</span>
        <Folder of={job} />
      </div>
    </>
  );
}

function Request({ of: job, execution }: { readonly of: Job; readonly execution: Execution | undefined }) {
  return (
    <KeyValues
      items={[
        ["data", <Subject key="data" of={job} text={execution?.obs_unit ?? whatOf(job)} />],
        ["to", job.destination_location],
        ["requested", <Time key="requested" at={job.created_at} />],
        ["by", job.requested_by],
        ["what for", job.reason ?? <Unknown key="reason" />],
        ["kept", <Kept key="kept" of={job} />],
        ...(job.cancelled_at === null
          ? []
          : [["cancelled", <Time key="cancelled" at={job.cancelled_at} />] as const]),
        ["id", <code key="id">{job.id}</code>],
      ]}
    />
  );
}

function Subject({ of: job, text }: { readonly of: Job; readonly text: string }) {
  if (job.execution_id !== null) {
    return (
      <Link to="/observations/$id" params={{ id: job.execution_id }}>
        {text}
      </Link>
    );
  }
  if (job.package_id !== null) {
    return (
      <Link to="/packages/$id" params={{ id: job.package_id }}>
        {text}
      </Link>
    );
  }
  return <span>{text}</span>;
}

function Cancel({ id }: { readonly id: string }) {
  return (
    <ActionButton
      operation="cancel_staging_job"
      label="Cancel job"
      title="Cancel this staging job"
      reason="none"
      kind="danger"
      effect={<p>What has not arrived is not brought any more. What arrived stays until its time is over.</p>}
      run={() => api.POST("/api/v1/staging-jobs/{job_id}:cancel", { params: { path: { job_id: id } } })}
      invalidates={["/api/v1/staging-jobs/{job_id}", "/api/v1/staging-jobs"]}
    />
  );
}
