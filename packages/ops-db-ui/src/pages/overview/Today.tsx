import { Bytes, Count, Rate } from "~/components/Quantity";
import { withPrefix } from "~/components/quantity";
import { Time } from "~/components/Time";
import type { TodayStatus } from "~/pages/overview/answers";
import { Part } from "~/pages/overview/Part";
import styles from "~/pages/overview/Today.module.css";

/** How much was filed since the night began, and how fast it comes. */
export function Today({ today }: { readonly today: TodayStatus }) {
  return (
    <Part
      title={`Night of ${today.night}`}
      folded={today.files === 0 ? "nothing filed" : `${withPrefix(today.bytes, "B")} filed`}
    >
      {today.files === 0 ? (
        <p>
          Nothing was filed since the night began, <Time at={today.since} as="age" />.
        </p>
      ) : (
        <>
          <p className={styles.figure}>
            <Bytes value={today.bytes} />{" "}
            <span className={styles.what}>
              <Count value={today.files} one="file" /> filed since <Time at={today.since} brief />
            </span>
          </p>
          <p className={styles.what}>
            <Rate value={today.recent_bytes_per_second} /> in the last hour
            {today.last_filed_at !== null && (
              <>
                , the last file <Time at={today.last_filed_at} as="age" />
              </>
            )}
          </p>
        </>
      )}
    </Part>
  );
}
