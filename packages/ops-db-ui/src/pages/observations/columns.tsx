import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { Unknown } from "~/components/Unknown";
import type { Column } from "~/lists/columns";
import type { Execution } from "~/pages/observations/answers";
import styles from "~/pages/observations/columns.module.css";
import { degrees, millimetres } from "~/pages/observations/conditions";
import { Duration } from "~/pages/observations/Duration";
import { StageButton } from "~/pages/staging/StageButton";

/** What the list of observations shows of each. */
export const COLUMNS: readonly Column<Execution>[] = [
  {
    id: "source",
    header: "Source, obs unit",
    card: "title",
    cell: ({ source, obs_unit }) => (
      <span className={styles.name}>
        <span className={styles.source}>{source}</span>
        <span className={styles.unit}>{obs_unit}</span>
      </span>
    ),
  },
  { id: "program", header: "Program", card: "fold", wide: true, cell: ({ program }) => program },
  { id: "status", header: "Status", card: "state", cell: ({ status }) => <State of={status} /> },
  {
    id: "started_at",
    header: "Start",
    card: "time",
    sort: "started_at",
    cell: ({ started_at }) => <Time at={started_at} />,
  },
  { id: "duration", header: "Duration", align: "end", card: "fold", cell: (one) => <Duration of={one} /> },
  { id: "modules", header: "Modules", card: "fold", wide: true, cell: ({ modules }) => modules.join(", ") },
  {
    id: "pwv",
    header: "PWV",
    align: "end",
    card: "fold",
    wide: true,
    cell: ({ mean_pwv }) => <Short text={millimetres(mean_pwv)} />,
  },
  {
    id: "elevation",
    header: "Elevation",
    align: "end",
    card: "fold",
    wide: true,
    cell: ({ elevation_min, elevation_max }) => <Short text={degrees(elevation_min, elevation_max)} />,
  },
  {
    id: "stage",
    header: "Stage",
    card: "why",
    cell: (one) => <StageButton of={{ executionId: one.id, title: one.source }} kind="quiet" />,
  },
];

/** A short text that stays on one line. */
function Short({ text }: { readonly text: string | null }) {
  return text === null ? <Unknown /> : <span className={styles.short}>{text}</span>;
}
