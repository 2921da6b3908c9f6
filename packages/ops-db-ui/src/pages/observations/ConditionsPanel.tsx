import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Problem } from "~/api/problem";
import { KeyValues } from "~/components/KeyValues";
import { Panel } from "~/components/Panel";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { Unknown } from "~/components/Unknown";
import type { Execution } from "~/pages/observations/answers";
import { degrees, millimetres } from "~/pages/observations/conditions";
import { Duration } from "~/pages/observations/Duration";

/** What was observed, when, with what, and how the sky was. */
export function ConditionsPanel({ of }: { readonly of: UseQueryResult<Execution, Problem> }) {
  return (
    <Panel title="Observation and conditions" of={of}>
      {(one) => (
        <KeyValues
          items={[
            ["Status", <State key="status" of={one.status} />],
            ["Source", <Filtered key="source" name="source" value={one.source} />],
            ["Obs unit", <Filtered key="unit" name="obs_unit" value={one.obs_unit} />],
            ["Program", <Filtered key="program" name="program" value={one.program} />],
            ["Modules", one.modules.join(", ")],
            ["Started", <Time key="started" at={one.started_at} />],
            ["Ended", <Time key="ended" at={one.ended_at} />],
            ["Duration", <Duration key="duration" of={one} />],
            ["PWV", millimetres(one.mean_pwv) ?? <Unknown key="pwv" />],
            ["Elevation", degrees(one.elevation_min, one.elevation_max) ?? <Unknown key="elevation" />],
            ["Azimuth", degrees(one.azimuth_min, one.azimuth_max) ?? <Unknown key="azimuth" />],
            ["Comment", one.comment ?? <Unknown key="comment" />],
            ["Id", <code key="id">{one.id}</code>],
          ]}
        />
      )}
    </Panel>
  );
}

/** A value that leads to all observations with it. */
function Filtered({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <Link to="/observations" search={{ [name]: value }}>
      {value}
    </Link>
  );
}
