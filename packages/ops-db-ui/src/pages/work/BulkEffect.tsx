import type { ErrorCategory } from "~/api/error-categories";
import type { components } from "~/api/schema.gen";
import { worded } from "~/api/words";
import { Bytes } from "~/components/Quantity";
import { grouped } from "~/components/quantity";
import styles from "~/pages/work/BulkEffect.module.css";
import { byCount, type Group } from "~/pages/work/group-words";
import { kindCount } from "~/pages/work/kinds";

const MOST_REFUSALS = 5;

/** What a change of many would do: how much of each kind with what failed last, and what is refused and why. */
export function BulkEffect({
  of: effect,
  groups,
  categories,
}: {
  readonly of: components["schemas"]["ChangedWork"];
  /** The same work by kind. */
  readonly groups: readonly Group[];
  readonly categories: readonly ErrorCategory[];
}) {
  const { done, bytes, by_kind, refused, more, verb } = effect;
  const texts = [...new Set(refused.map(({ text }) => text))];
  const word = verb === "retry" ? "retried" : "cancelled";
  const errorsOf = (kind: string) => groups.find(({ key }) => key === kind)?.error_categories ?? {};
  return (
    <div className={styles.effect}>
      <p>
        <strong>{grouped(done)}</strong> {done === 1 ? "is" : "are"} {word}
        {bytes > 0 && (
          <>
            , <Bytes value={bytes} /> {verb === "retry" ? "to move anew" : "thrown away"}
          </>
        )}
        {more && "; these are the first 1,000, more are left"}.
      </p>
      <ul>
        {by_kind
          .filter(({ count }) => count > 0)
          .map(({ kind, count }) => (
            <li key={kind}>
              {kindCount(kind, count)}
              <Errors counts={errorsOf(kind)} categories={categories} />
            </li>
          ))}
      </ul>
      {refused.length > 0 && (
        <div className={styles.refused}>
          <p>{grouped(refused.length)} refused:</p>
          <ul>
            {texts.slice(0, MOST_REFUSALS).map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

/** What failed last, how often, and what has to be mended first. */
function Errors({
  counts,
  categories,
}: {
  readonly counts: Group["error_categories"];
  readonly categories: readonly ErrorCategory[];
}) {
  return (
    <ul>
      {byCount(counts).map(([category, count]) => {
        const known = categories.find(({ code }) => code === category);
        return (
          <li key={category}>
            {grouped(count)} × {known?.text ?? worded(category)}
            {known !== undefined && <span className={styles.remedy}>: {known.remedy}</span>}
          </li>
        );
      })}
    </ul>
  );
}
