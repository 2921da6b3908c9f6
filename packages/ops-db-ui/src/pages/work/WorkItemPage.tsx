import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useGet } from "~/api/get";
import { isMissing } from "~/api/problem";
import { actorName } from "~/components/actor";
import { CopyAs } from "~/components/CopyAs";
import { EventsOf } from "~/components/EventList";
import { KeyValues } from "~/components/KeyValues";
import { Loading } from "~/components/Loading";
import { NotFound } from "~/components/NotFound";
import page from "~/components/Page.module.css";
import { PageTitle } from "~/components/PageTitle";
import { ProblemNote } from "~/components/ProblemNote";
import { Progress } from "~/components/Progress";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { Why } from "~/components/Why";
import { type WorkKind, workKind } from "~/pages/work/kinds";
import { WorkError } from "~/pages/work/WorkError";
import { WorkHops } from "~/pages/work/WorkHops";
import styles from "~/pages/work/WorkItemPage.module.css";
import { WorkVerbs } from "~/pages/work/WorkVerbs";
import { isStopped, type WorkRow, wayOf } from "~/pages/work/work-rows";

/** One piece of work: what it does, how far it is, what went wrong, and what comes before and after it. */
export function WorkItemPage({ collection, id }: { readonly collection: string; readonly id: string }) {
  const kind = workKind(collection);
  if (kind === undefined) return <NotFound missed={{ kind: "kind of work", id: collection }} list="work" />;
  return <Item kind={kind} id={id} key={id} />;
}

type ItemPath = "/api/v1/data-transfers/{work_id}";

function Item({ kind, id }: { readonly kind: WorkKind; readonly id: string }) {
  // All kinds have the same parts; what one has of its own is looked for in the row.
  const path = `/api/v1/${kind.collection}/{work_id}` as ItemPath;
  const item = useGet(path, { params: { path: { work_id: id } } });
  const row = item.data as WorkRow | undefined;
  const isOpen = row !== undefined && row.status !== "completed";
  const open = useGet("/api/v1/open-work", { params: { query: { id: [id] } } }, { enabled: isOpen });
  // Of open work the API says when it is tried: not before the pauses on its way end.
  const waits = open.data?.items.find((one) => one.id === id);
  if (row === undefined) {
    if (isMissing(item)) return <NotFound missed={{ kind: kind.one.toLowerCase(), id }} list="work" />;
    return (
      <>
        <PageTitle>{kind.one}</PageTitle>
        {item.isError ? (
          <ProblemNote error={item.error} again={() => void item.refetch()} />
        ) : (
          <Loading lines={8} />
        )}
      </>
    );
  }
  return (
    <>
      <PageTitle
        title={kind.one}
        beside={
          <>
            <WorkVerbs collection={kind.collection} id={id} verbs={verbsBeside(row)} shown={row} />
            <CopyAs
              ccat={["ccat", "why", id]}
              path={`/api/v1/${kind.collection}/${encodeURIComponent(id)}`}
            />
          </>
        }
      >
        {kind.one} <span className={styles.way}>{wayOf(row)}</span> <State of={row.status} />
      </PageTitle>
      <div className={styles.page}>
        {item.isError && <ProblemNote error={item.error} again={() => void item.refetch()} />}
        {row.error_message !== null && <WorkError row={row} collection={kind.collection} open={waits} />}
        {row.waiting_reason !== null && isOpen && (
          <section aria-label="Why it waits" className={page.panel}>
            <h2>Why it waits</h2>
            <Why
              reason={row.waiting_reason}
              detail={isStopped(row) ? null : (waits?.detail ?? row.waiting_detail)}
              since={row.waiting_since}
              nextAt={waits?.next_at ?? null}
              where={["route" in row ? row.route : wayOf(row)]}
              subject={id}
            />
          </section>
        )}
        <section aria-label="Facts" className={page.panel}>
          <h2>Facts</h2>
          {row.bytes_total > 0 && (
            <Progress done={row.bytes_done} total={row.bytes_total} label="done" unit="bytes" />
          )}
          <KeyValues items={factsOf(row)} />
        </section>
        {row.package_id !== null && <WorkHops packageId={row.package_id} own={id} />}
        <EventsOf subject={id} title="What happened to it" />
      </div>
    </>
  );
}

/** The verbs beside the title; the retry of what has an error is the last step of what to do about that. */
function verbsBeside(row: WorkRow): readonly ("retry" | "cancel")[] {
  const isTold = row.status === "failed" && row.error_message !== null;
  return isTold ? ["cancel"] : verbsOf(row);
}

function verbsOf(row: WorkRow): readonly ("retry" | "cancel")[] {
  if (row.status === "failed") return ["retry", "cancel"];
  if (row.status === "cancelled") return ["retry"];
  if (row.status === "pending" && row.next_attempt_at !== null) return ["retry", "cancel"];
  return row.status === "completed" ? [] : ["cancel"];
}

function factsOf(row: WorkRow): readonly (readonly [string, ReactNode])[] {
  const facts: (readonly [string, ReactNode] | null)[] = [
    row.package_id === null
      ? null
      : [
          "Package",
          <Link key="package" to="/packages/$id" params={{ id: row.package_id }}>
            {packageName(row)}
          </Link>,
        ],
    row.observed_at === null ? null : ["Observed", <Time key="observed" at={row.observed_at} />],
    "route" in row ? ["Route", row.route] : null,
    ["Site", row.site],
    ["Failed attempts", row.attempt === 0 ? "none" : row.attempt],
    ["Priority", row.priority],
    ["Created", <Time key="created" at={row.created_at} />],
    row.started_at === null ? null : ["Started", <Time key="started" at={row.started_at} />],
    row.finished_at === null ? null : ["Ended", <Time key="ended" at={row.finished_at} />],
    row.progressed_at === null
      ? null
      : ["Last progress", <Time key="progress" at={row.progressed_at} as="age" />],
    row.lease_owner === null
      ? null
      : [
          "Worker",
          <span key="worker">
            {row.lease_owner}, lease ends <Time at={row.lease_expires_at} as="age" />
          </span>,
        ],
    "checksum" in row && row.checksum !== null ? ["Checksum", row.checksum] : null,
    "result" in row && row.result !== null ? ["Finding", row.result] : null,
    "grace_until" in row ? ["Can be cancelled until", <Time key="grace" at={row.grace_until} />] : null,
    "requested_by" in row ? ["Requested by", actorName(row.requested_by)] : null,
  ];
  return facts.filter((fact) => fact !== null);
}

/** Return a package by what it holds, where the answer says so; else by its id. */
function packageName({ package_id, obs_unit, module, part_number }: WorkRow): string | null {
  if (obs_unit === null || module === null || part_number === null) return package_id;
  return `${obs_unit}, ${module}, part ${part_number}`;
}
