import { useParams } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { BufferBar } from "~/components/BufferBar";
import { CopyAs } from "~/components/CopyAs";
import { EventsOf } from "~/components/EventList";
import page from "~/components/Page.module.css";
import { PageTitle } from "~/components/PageTitle";
import { Panel } from "~/components/Panel";
import { Count } from "~/components/Quantity";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { PlaceActions } from "~/pages/places/PlaceActions";
import { PlaceFacts } from "~/pages/places/PlaceFacts";
import { serviceOf } from "~/pages/places/service";
import { WorkAtPlace } from "~/pages/places/WorkAtPlace";

type Location = components["schemas"]["Location"];

/** How full a place is, whether it is in service, and what goes in and out. */
export function PlacePage() {
  const { name } = useParams({ from: "/_shell/places/locations/$name" });
  const found = useGet("/api/v1/data-locations/{name}", { params: { path: { name } } });
  const status = useGet("/api/v1/status", {});
  const here = status.data?.locations.find(({ id }) => id === name);
  return (
    <div className={page.stack}>
      <PageTitle
        beside={
          <>
            {found.data !== undefined && <PlaceActions of={found.data} />}
            <CopyAs ccat={`ccat why ${name}`} path={`/api/v1/data-locations/${name}`} />
          </>
        }
      >
        {name}
      </PageTitle>
      <Panel title="Service" of={found}>
        {(data) => <Service of={data} />}
      </Panel>
      <Panel title="Usage" of={found}>
        {(data) => (
          <>
            <BufferBar
              label={data.id}
              used={data.usage?.used_bytes ?? null}
              total={data.usage?.total_bytes ?? data.capacity_bytes}
              low={data.watermark_low}
              high={data.watermark_high}
              reserved={data.reserve_bytes}
            />
            <p className={page.row}>
              {data.usage === null ? (
                "Not measured yet."
              ) : (
                <span className={page.muted}>
                  Measured <Time at={data.usage.measured_at} as="age" />
                </span>
              )}
              {here !== undefined && (
                <>
                  <Count value={here.packages} one="package" />
                  <Count value={here.files} one="file" />
                </>
              )}
            </p>
          </>
        )}
      </Panel>
      <WorkAtPlace name={name} />
      <div className={page.columns}>
        <Panel title="Configuration" of={found}>
          {(data) => <PlaceFacts of={data} />}
        </Panel>
        <EventsOf subject={name} title="What was done with it" />
      </div>
    </div>
  );
}

function Service({ of: data }: { readonly of: Location }) {
  const { state, sentence, since } = serviceOf(data);
  return (
    <p className={page.row}>
      <State of={state} />
      <span className={page.lead}>{sentence}</span>
      {since !== null && (
        <span className={page.muted}>
          since <Time at={since} />
        </span>
      )}
    </p>
  );
}
