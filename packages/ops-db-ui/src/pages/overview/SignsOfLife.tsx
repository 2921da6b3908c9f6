import { Time } from "~/components/Time";
import type { SignOfLife } from "~/pages/overview/answers";
import { Part } from "~/pages/overview/Part";
import styles from "~/pages/overview/SignsOfLife.module.css";

/** When the telescope and the workers of each site were last heard of. */
export function SignsOfLife({ signs }: { readonly signs: readonly SignOfLife[] }) {
  if (signs.length === 0) return null;
  return (
    <Part title="Last heard of" folded={<Time at={signs[0]?.at} as="age" />}>
      <ul className={styles.signs}>
        {signs.map((sign) => (
          <li key={wordOf(sign)} className={styles.sign}>
            <span>{wordOf(sign)}</span>
            <span className={styles.when}>
              <Time at={sign.at} as="age" />
            </span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function wordOf(sign: SignOfLife): string {
  return sign.site === null ? sign.what : `${sign.what} at ${sign.site}`;
}
