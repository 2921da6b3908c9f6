import { Count } from "~/components/Quantity";
import { withPrefix } from "~/components/quantity";
import { Time } from "~/components/Time";
import { Unknown } from "~/components/Unknown";
import type { Column } from "~/lists/columns";
import type { ListedExecution } from "~/pages/observations/answers";
import styles from "~/pages/observations/columns.module.css";
import { degrees, millimetres } from "~/pages/observations/conditions";
import { DataStanding } from "~/pages/observations/DataStanding";
import { Duration } from "~/pages/observations/Duration";
import { StageOffer } from "~/pages/observations/StageOffer";

/** What the list of observations shows of each. */
export const COLUMNS: readonly Column<ListedExecution>[] = [
  {
    id: "source",
    header: "Source, obs unit",
    card: "title",
    cell: ({ source, obs_unit }) => (
      <span className={styles.pair}>
        <span className={styles.source}>{source}</span>
        <span className={styles.second}>{obs_unit}</span>
      </span>
    ),
  },
  {
    id: "data",
    header: "Data",
    card: "state",
    cell: (one) => <DataStanding of={one.data} id={one.id} />,
  },
  {
    id: "files",
    header: "Files, size",
    align: "end",
    card: "why",
    cell: ({ data }) => (
      <span className={styles.pair}>
        <Count value={data.files} one="file" />
        <span className={styles.second}>{withPrefix(data.bytes, "B")}</span>
      </span>
    ),
  },
  {
    id: "started_at",
    header: "Start, duration",
    card: "time",
    sort: "started_at",
    cell: (one) => (
      <span className={styles.pair}>
        <Time at={one.started_at} />
        <span className={styles.second}>
          <Duration of={one} />, {one.status}
        </span>
      </span>
    ),
  },
  {
    id: "program",
    header: "Program, modules",
    card: "fold",
    wide: true,
    cell: ({ program, modules }) => (
      <span className={styles.pair}>
        {program}
        <span className={styles.second}>{modules.join(", ")}</span>
      </span>
    ),
  },
  {
    id: "conditions",
    header: "PWV, elevation",
    align: "end",
    card: "fold",
    wide: true,
    cell: ({ mean_pwv, elevation_min, elevation_max }) => (
      <span className={styles.pair}>
        <span>{millimetres(mean_pwv) ?? <Unknown />}</span>
        <span className={styles.second}>{degrees(elevation_min, elevation_max) ?? <Unknown />}</span>
      </span>
    ),
  },
  {
    id: "stage",
    header: "Stage",
    card: "fold",
    cell: (one) => <StageOffer id={one.id} title={one.source} state={one.data.state} kind="quiet" />,
  },
];
