import styles from "~/components/Age.module.css";
import { span } from "~/time/format";
import { atClock, useNow } from "~/time/now";

const SHOWN_FROM = 12_000;
const OLD_FROM = 30_000;

/** How old an answer is, once that is worth saying. */
export function Age({ of: query }: { readonly of: { readonly dataUpdatedAt: number } }) {
  const now = useNow();
  const age = now.getTime() - atClock(query.dataUpdatedAt).getTime();
  if (query.dataUpdatedAt === 0 || age < SHOWN_FROM) return null;
  return (
    <span className={styles.age} data-old={age >= OLD_FROM}>
      {span(age)} old
    </span>
  );
}
