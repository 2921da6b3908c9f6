import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useId } from "react";
import type { Problem } from "~/api/problem";
import { Age, useIsOld } from "~/components/Age";
import { Loading } from "~/components/Loading";
import styles from "~/components/Panel.module.css";
import { ProblemNote } from "~/components/ProblemNote";

/** A part of a page with a heading, whose answer may be loading, old or missing without touching the others. */
export function Panel<T>({
  title,
  of: query,
  beside,
  children,
}: {
  readonly title: string;
  readonly of: UseQueryResult<T, Problem>;
  readonly beside?: ReactNode;
  readonly children: (data: T) => ReactNode;
}) {
  const id = useId();
  const isOld = useIsOld(query);
  return (
    <section className={styles.panel} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        <div className={styles.beside}>
          {beside}
          <Age of={query} />
        </div>
      </div>
      {query.data !== undefined && (
        <div className={styles.content} data-old={isOld}>
          {children(query.data)}
        </div>
      )}
      {query.data === undefined && query.isPending && <Loading />}
      {query.isError && <ProblemNote error={query.error} again={() => void query.refetch()} />}
    </section>
  );
}
