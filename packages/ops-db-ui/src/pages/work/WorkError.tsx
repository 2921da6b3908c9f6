import { Link } from "@tanstack/react-router";
import { useErrorCategories } from "~/api/error-categories";
import type { Turn } from "~/api/waiting-reasons";
import { useWho } from "~/api/who";
import { Contact } from "~/components/Contact";
import { RemedySteps } from "~/components/RemedySteps";
import { RetryStep } from "~/pages/work/RetryStep";
import styles from "~/pages/work/WorkError.module.css";
import { isPaused, isStopped, type OpenRow, type WorkRow, wayOf } from "~/pages/work/work-rows";

/** What went wrong with work last, what that means and the remedy; of what was given up ending with the retry. */
export function WorkError({
  row,
  collection,
  open,
}: {
  readonly row: WorkRow;
  readonly collection: string;
  /** The same as open work; undefined: not known. */
  readonly open: OpenRow | undefined;
}) {
  const known = useErrorCategories().get(row.error_category ?? "");
  const who = useWho();
  const turn = known === undefined ? "operator" : turnOf(row, known.turn);
  const isGivenUp = row.status === "failed";
  return (
    <section aria-label="Error" className={styles.error} data-ended={isStopped(row)}>
      <h2 className={styles.title}>{known?.text ?? row.error_category ?? "It failed"}</h2>
      <p className={styles.message}>{row.error_message}</p>
      {known !== undefined && <p>{known.meaning}</p>}
      <dl className={styles.facts}>
        {(known !== undefined || isGivenUp) && (
          <div>
            <dt>What to do</dt>
            <dd>
              {isGivenUp ? (
                <RemedySteps remedy={known?.before_retry ?? ""} place={open?.place ?? null}>
                  <RetryStep collection={collection} id={row.id} isFirst={!known?.before_retry} open={open} />
                </RemedySteps>
              ) : isPaused(row) ? (
                known?.while_it_lasts
              ) : (
                known?.remedy
              )}
            </dd>
          </div>
        )}
        {!isStopped(row) && known !== undefined && (
          <div>
            <dt>By itself</dt>
            <dd>{known.next}</dd>
          </div>
        )}
        {isGivenUp && (
          <div>
            <dt>By itself</dt>
            <dd>Nothing changes until somebody acts. {open?.kept}</dd>
          </div>
        )}
        <div>
          <dt>Whose turn</dt>
          <dd>
            {who(turn, [wayOf(row)])}
            {turn === "site" && <Contact where={[wayOf(row)]} />}
          </dd>
        </div>
      </dl>
      {known !== undefined && (
        <p>
          <Link to="/help/$page" params={{ page: known.help }}>
            Help
          </Link>
        </p>
      )}
    </section>
  );
}

/** What was given up does not go on by itself, whatever its error does while it is tried. */
function turnOf({ status }: WorkRow, turn: Turn): Turn {
  return status === "failed" && turn === "automatic" ? "operator" : turn;
}
