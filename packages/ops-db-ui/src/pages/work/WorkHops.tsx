import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import type { Problem } from "~/api/problem";
import { Empty } from "~/components/Empty";
import { Panel } from "~/components/Panel";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { workKind } from "~/pages/work/kinds";
import styles from "~/pages/work/WorkHops.module.css";
import { type WorkRow, wayOf } from "~/pages/work/work-rows";

interface Page {
  readonly items: readonly WorkRow[];
}

/** The way of a package so far: its creation, each hop and each archive, with this piece of work marked. */
export function WorkHops({ packageId, own }: { readonly packageId: string; readonly own: string }) {
  const query = { params: { query: { package_id: [packageId], sort: "created_at" as const } } };
  const creations = useGet("/api/v1/package-creations", query);
  const transfers = useGet("/api/v1/data-transfers", query);
  const archives = useGet("/api/v1/archive-transfers", query);
  return (
    <Panel title="The way of its package" of={joined(creations, transfers, archives)}>
      {(hops) =>
        hops.length === 0 ? (
          <Empty title="No other work of this package." />
        ) : (
          <ol className={styles.hops}>
            {hops.map(({ collection, row }) => (
              <li key={row.id} className={styles.hop} aria-current={row.id === own ? "step" : undefined}>
                <span className={styles.kind}>{workKind(collection)?.one}</span>
                <span className={styles.way}>
                  {row.id === own ? (
                    <strong>{wayOf(row)} (this)</strong>
                  ) : (
                    <Link to="/work/$kind/$id" params={{ kind: collection, id: row.id }}>
                      {wayOf(row)}
                    </Link>
                  )}
                </span>
                <State of={row.status} />
                <span className={styles.time}>
                  <Time at={row.finished_at ?? row.started_at ?? row.created_at} />
                </span>
              </li>
            ))}
          </ol>
        )
      }
    </Panel>
  );
}

interface Hop {
  readonly collection: string;
  readonly row: WorkRow;
}

/** Three answers as one: the kinds follow each other on the way of a package. */
function joined(...answers: readonly [Asked, Asked, Asked]): UseQueryResult<readonly Hop[], Problem> {
  const [creations, transfers, archives] = answers;
  const failed = answers.find((answer) => answer.isError) ?? creations;
  const data = answers.every((answer) => answer.data !== undefined)
    ? [
        ...hopsOf("package-creations", creations),
        ...hopsOf("data-transfers", transfers),
        ...hopsOf("archive-transfers", archives),
      ]
    : undefined;
  return { ...failed, data } as unknown as UseQueryResult<readonly Hop[], Problem>;
}

type Asked = UseQueryResult<Page, Problem>;

function hopsOf(collection: string, answer: Asked): readonly Hop[] {
  return (answer.data?.items ?? []).map((row) => ({ collection, row }));
}
