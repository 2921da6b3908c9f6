import { Button } from "~/components/Button";
import type { Wrong } from "~/lists/state";
import styles from "~/lists/WrongAddress.module.css";

/** What the address asks for and the list does not have; nothing is listed until it is removed. */
export function WrongAddress({
  wrong,
  onRemove,
}: {
  readonly wrong: readonly Wrong[];
  readonly onRemove: (wrong: Wrong) => void;
}) {
  if (wrong.length === 0) return null;
  return (
    <div className={styles.wrong} role="alert">
      <p className={styles.title}>The address asks for something that this list does not have</p>
      <ul>
        {wrong.map((one) => (
          <li key={`${one.name}=${one.value}`}>
            <span>
              <code>
                {one.name}={one.value}
              </code>{" "}
              {one.reason}.
            </span>
            <Button onClick={() => onRemove(one)}>remove it</Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
