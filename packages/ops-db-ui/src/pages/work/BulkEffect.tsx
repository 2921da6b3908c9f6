import type { components } from "~/api/schema.gen";
import { Bytes } from "~/components/Quantity";
import { grouped } from "~/components/quantity";
import styles from "~/pages/work/BulkEffect.module.css";
import { kindWord } from "~/pages/work/kinds";

const MOST_REFUSALS = 5;

/** What a change of many would do: how much of each kind, and what is refused and why. */
export function BulkEffect({ of: effect }: { readonly of: components["schemas"]["ChangedWork"] }) {
  const { done, bytes, by_kind, refused, more, verb } = effect;
  const texts = [...new Set(refused.map(({ text }) => text))];
  const word = verb === "retry" ? "retried" : "cancelled";
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
              {grouped(count)} × {kindWord(kind).toLowerCase()}
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
