import { Link } from "@tanstack/react-router";
import { ActionButton } from "~/actions/ActionButton";
import { api } from "~/api/client";
import { useGet } from "~/api/get";
import { isMissing } from "~/api/problem";
import { actorName } from "~/components/actor";
import { CopyAs } from "~/components/CopyAs";
import { KeyValues } from "~/components/KeyValues";
import { NotFound } from "~/components/NotFound";
import { PageProblem } from "~/components/PageProblem";
import { PageTitle } from "~/components/PageTitle";
import { Panel } from "~/components/Panel";
import { Progress } from "~/components/Progress";
import { Time } from "~/components/Time";
import { Unknown } from "~/components/Unknown";
import { Arrival } from "~/pages/staging/Arrival";
import type { Job } from "~/pages/staging/answers";
import { Folder } from "~/pages/staging/Folder";
import { Items } from "~/pages/staging/Items";
import { JobState } from "~/pages/staging/JobState";
import { isOpen, sentenceOf } from "~/pages/staging/job";
import { Kept } from "~/pages/staging/Kept";
import styles from "~/pages/staging/StagingJobPage.module.css";
import { WhyOfJob } from "~/pages/staging/WhyOfJob";
import { whatOf } from "~/pages/staging/what";

/** Whether staged data are there, how far they are, in which folder, and until when. */
export function StagingJobPage({ id }: { readonly id: string }) {
  const job = useGet("/api/v1/staging-jobs/{job_id}", { params: { path: { job_id: id } } });
  if (isMissing(job)) return <NotFound missed={{ kind: "staging", id }} list="staging" />;
  if (job.data === undefined && job.isError) {
    return <PageProblem error={job.error} reset={() => void job.refetch()} />;
  }
  const title = job.data === undefined ? "Staging" : `${job.data.source} to ${job.data.destination_location}`;
  return (
    <>
      <PageTitle
        title={title}
        beside={
          <>
            {job.data !== undefined && isOpen(job.data) && <Cancel id={id} />}
            <CopyAs ccat={["ccat", "why", id]} path={`/api/v1/staging-jobs/${encodeURIComponent(id)}`} />
          </>
        }
      >
        {title}
        {job.data !== undefined && <span className={styles.unit}>{whatOf(job.data)}</span>}
      </PageTitle>
      <div className={styles.panels}>
        <Panel title="Is it there?" of={job}>
          {(one) => <Standing of={one} />}
        </Panel>
        <Panel title="What it brings" of={job}>
          {({ items }) => <Items items={items} />}
        </Panel>
        <Panel title="Who asked for it" of={job}>
          {(one) => <Request of={one} />}
        </Panel>
      </div>
    </>
  );
}

function Standing({ of: job }: { readonly of: Job }) {
  return (
    <>
      <p className={styles.sentence}>
        <JobState of={job} /> <span>{sentenceOf(job)}</span>
      </p>
      {isOpen(job) && <Progress done={job.bytes_done} total={job.bytes_total} label="staged" unit="bytes" />}
      <WhyOfJob of={job} />
      <dl className={styles.facts}>
        <div>
          <dt>{job.arrived_at === null ? "Will be there" : "There since"}</dt>
          <dd>
            <Arrival of={job} />
          </dd>
        </div>
        <div>
          <dt>Kept until</dt>
          <dd>
            <Kept of={job} />
          </dd>
        </div>
        <div className={styles.folder}>
          <dt>Folder</dt>
          <dd>
            <Folder of={job} />
          </dd>
        </div>
      </dl>
    </>
  );
}

function Request({ of: job }: { readonly of: Job }) {
  return (
    <KeyValues
      items={[
        ["Data", <Subject key="data" of={job} />],
        ["To", job.destination_location],
        ["Requested", <Time key="requested" at={job.created_at} />],
        ["By", actorName(job.requested_by)],
        ["What for", job.reason ?? <Unknown key="reason" />],
        ...(job.cancelled_at === null
          ? []
          : [["Cancelled", <Time key="cancelled" at={job.cancelled_at} />] as const]),
        ["Id", <code key="id">{job.id}</code>],
      ]}
    />
  );
}

/** Leads to what was asked for. */
function Subject({ of: job }: { readonly of: Job }) {
  const text = whatOf(job);
  if (job.execution_id !== null) {
    return (
      <Link to="/observations/$id" params={{ id: job.execution_id }}>
        {text}
      </Link>
    );
  }
  const inside = job.package_id ?? job.items[0]?.package_id;
  if (inside === undefined) return <span>{text}</span>;
  return (
    <Link to="/packages/$id" params={{ id: inside }}>
      {text}
    </Link>
  );
}

function Cancel({ id }: { readonly id: string }) {
  return (
    <ActionButton
      operation="cancel_staging_job"
      label="Cancel staging"
      title="Cancel this staging"
      reason="none"
      kind="danger"
      effect={<p>What has not arrived is not brought any more. What arrived stays until its time is over.</p>}
      run={({ idempotencyKey }) =>
        api.POST("/api/v1/staging-jobs/{job_id}:cancel", {
          params: { path: { job_id: id }, header: { "idempotency-key": idempotencyKey } },
        })
      }
      invalidates={["/api/v1/staging-jobs/{job_id}", "/api/v1/staging-jobs"]}
    />
  );
}
