import { Link } from "@tanstack/react-router";
import { BufferBar } from "~/components/BufferBar";
import { Bytes, Count } from "~/components/Quantity";
import { State } from "~/components/State";
import type { LocationStatus } from "~/pages/overview/answers";
import { Part } from "~/pages/overview/Part";
import styles from "~/pages/overview/Places.module.css";

const KINDS: Readonly<Record<LocationStatus["location_type"], string>> = {
  source: "source",
  buffer: "buffer",
  long_term_archive: "archive",
  processing: "processing",
};

/** How full each place is, with the watermarks between which it is emptied. */
export function Places({ locations }: { readonly locations: readonly LocationStatus[] }) {
  return (
    <Part title="Places">
      <ul className={styles.places}>
        {locations.map((location) => (
          <li key={location.id} className={styles.place}>
            <p className={styles.head}>
              <Link to="/places/locations/$name" params={{ name: location.id }} className={styles.name ?? ""}>
                {location.id}
              </Link>
              <span className={styles.kind}>{KINDS[location.location_type]}</span>
              {location.suspended ? <State of="suspended" /> : !location.enabled && <State of="disabled" />}
            </p>
            {location.used_bytes === null ? (
              <Holdings location={location} />
            ) : (
              <BufferBar
                label={location.id}
                used={location.used_bytes}
                total={location.total_bytes}
                low={location.watermark_low}
                high={location.watermark_high}
                brief
              />
            )}
          </li>
        ))}
      </ul>
    </Part>
  );
}

/** What is at a place of which nobody measures how full it is. */
function Holdings({ location }: { readonly location: LocationStatus }) {
  if (!location.enabled && location.packages === 0) return null;
  return (
    <p className={styles.kind}>
      <Count value={location.packages} one="package" />, <Bytes value={location.package_bytes} />
    </p>
  );
}
