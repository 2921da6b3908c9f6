import { Link } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import { isMissing } from "~/api/problem";
import type { components } from "~/api/schema.gen";
import { useWaitingReasons } from "~/api/waiting-reasons";
import { useWho } from "~/api/who";
import { Contact } from "~/components/Contact";
import { CopyAs } from "~/components/CopyAs";
import { EventsOf } from "~/components/EventList";
import { NotFound } from "~/components/NotFound";
import page from "~/components/Page.module.css";
import { PageTitle } from "~/components/PageTitle";
import { Panel } from "~/components/Panel";
import { RemedySteps } from "~/components/RemedySteps";
import { State } from "~/components/State";
import { Time } from "~/components/Time";
import { PlaceActions } from "~/pages/places/PlaceActions";
import { PlaceFacts } from "~/pages/places/PlaceFacts";
import { serviceOf } from "~/pages/places/service";
import { UsagePanel } from "~/pages/places/UsagePanel";
import { NO_WORK, WorkAtPlace } from "~/pages/places/WorkAtPlace";

type Location = components["schemas"]["Location"];

/** How full a place is, whether it is in service, and what goes in and out. */
export function PlacePage({ name }: { readonly name: string }) {
  const found = useGet("/api/v1/data-locations/{name}", { params: { path: { name } } });
  const status = useGet("/api/v1/status", {});
  const work = useGet("/api/v1/open-work/groups", {
    params: { query: { place: [name], kind_not: NO_WORK, by: "reason" } },
  });
  const here = status.data?.locations.find(({ id }) => id === name);
  if (isMissing(found)) return <NotFound missed={{ kind: "place", id: name }} />;
  return (
    <div className={page.stack}>
      <PageTitle
        title={name}
        beside={
          <CopyAs ccat={["ccat", "why", name]} path={`/api/v1/data-locations/${encodeURIComponent(name)}`} />
        }
      >
        {name}
        {found.data !== undefined && <span className={page.kind}>{kindOf(found.data)}</span>}
      </PageTitle>
      <Panel
        title="Is it in service?"
        of={found}
        beside={found.data !== undefined && <PlaceActions of={found.data} />}
      >
        {(data) => <Service of={data} />}
      </Panel>
      <Panel title="How full is it?" of={found}>
        {(data) => <UsagePanel of={data} standing={here} work={work.data} />}
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
  const { sentence, effect } = serviceOf(data);
  const { state, since, next_at } = data.service;
  const reasons = useWaitingReasons();
  const who = useWho();
  const entry = state === "in_doubt" ? reasons.get("location_suspect") : undefined;
  return (
    <>
      <p className={page.row}>
        <State of={data.retired_at === null ? state : "disabled"} />
        <span className={page.lead}>{sentence}</span>
        {since !== null && (
          <span className={page.muted}>
            since <Time at={since} /> (<Time at={since} as="age" />)
          </span>
        )}
        {next_at !== null && (
          <span>
            The pause ends <Time at={next_at} as="age" />.
          </span>
        )}
      </p>
      {effect !== null && <p>{effect}</p>}
      {entry !== undefined && (
        <div>
          <h3>What to do</h3>
          <p>
            Whose turn: {who(entry.turn, [data.id])}
            {entry.turn === "site" && <Contact where={[data.id]} />}.
          </p>
          <RemedySteps remedy={entry.remedy} place={data.id} />
        </div>
      )}
      {state !== "in_service" && (
        <p>
          <Link to="/errors" search={{ location: data.id }}>
            Errors of {data.id}
          </Link>
        </p>
      )}
    </>
  );
}

function kindOf({ location_type, site }: Location): string {
  return `${location_type.replaceAll("_", " ")} at the site ${site}`;
}
