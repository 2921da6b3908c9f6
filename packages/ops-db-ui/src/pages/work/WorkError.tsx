import { Link } from "@tanstack/react-router";
import { useErrorCategories } from "~/api/error-categories";
import type { Turn } from "~/api/waiting-reasons";
import { useWho } from "~/api/who";
import { nowThatItKeepsFailing } from "~/components/remedy";
import styles from "~/pages/work/WorkError.module.css";
import { isPaused, isStopped, type WorkRow, wayOf } from "~/pages/work/work-rows";

/** What went wrong with work last, what that means and what helps. */
export function WorkError({ row }: { readonly row: WorkRow }) {
  const known = useErrorCategories().get(row.error_category ?? "");
  const who = useWho();
  return (
    <section aria-label="Error" className={styles.error} data-ended={isStopped(row)}>
      <h2 className={styles.title}>{known?.text ?? row.error_category ?? "It failed"}</h2>
      <p className={styles.message}>{row.error_message}</p>
      {known !== undefined && (
        <>
          <p>{known.meaning}</p>
          <dl className={styles.facts}>
            <div>
              <dt>What to do</dt>
              <dd>{isPaused(row) ? nowThatItKeepsFailing(known.remedy) : known.remedy}</dd>
            </div>
            {!isStopped(row) && (
              <div>
                <dt>By itself</dt>
                <dd>{known.next}</dd>
              </div>
            )}
            <div>
              <dt>Whose turn</dt>
              <dd>{who(turnOf(row, known.turn), [wayOf(row)])}</dd>
            </div>
          </dl>
          <p>
            <Link to="/help/$page" params={{ page: known.help }}>
              Help
            </Link>
          </p>
        </>
      )}
    </section>
  );
}

/** What was given up does not go on by itself, whatever its error does while it is tried. */
function turnOf({ status }: WorkRow, turn: Turn): Turn {
  return status === "failed" && turn === "automatic" ? "operator" : turn;
}
