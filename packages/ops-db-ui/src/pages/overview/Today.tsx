import { Bytes, Count, Rate } from "~/components/Quantity";
import { withPrefix } from "~/components/quantity";
import type { TodayStatus } from "~/pages/overview/answers";
import { Part } from "~/pages/overview/Part";
import styles from "~/pages/overview/Today.module.css";

/** How much was filed since the night began, and how fast it comes. */
export function Today({ today }: { readonly today: TodayStatus }) {
  return (
    <Part title={`Night of ${today.night}`} folded={`${withPrefix(today.bytes, "B")} filed`}>
      <p className={styles.figure}>
        <Bytes value={today.bytes} />{" "}
        <span className={styles.what}>
          <Count value={today.files} one="file" /> filed
        </span>
      </p>
      <p className={styles.what}>
        <Rate value={today.recent_bytes_per_second} /> in the last hour
      </p>
    </Part>
  );
}
