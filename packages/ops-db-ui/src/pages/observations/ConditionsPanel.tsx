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
            ["status", <State key="status" of={one.status} />],
            ["source", <Filtered key="source" name="source" value={one.source} />],
            ["obs unit", <Filtered key="unit" name="obs_unit" value={one.obs_unit} />],
            ["program", <Filtered key="program" name="program" value={one.program} />],
            ["modules", one.modules.join(", ")],
            ["started", <Time key="started" at={one.started_at} />],
            ["ended", <Time key="ended" at={one.ended_at} />],
            ["duration", <Duration key="duration" of={one} />],
            ["pwv", millimetres(one.mean_pwv) ?? <Unknown key="pwv" />],
            ["elevation", degrees(one.elevation_min, one.elevation_max) ?? <Unknown key="elevation" />],
            ["azimuth", degrees(one.azimuth_min, one.azimuth_max) ?? <Unknown key="azimuth" />],
            ["observer's comment", one.comment ?? <Unknown key="comment" />],
            ["id", <code key="id">{one.id}</code>],
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
