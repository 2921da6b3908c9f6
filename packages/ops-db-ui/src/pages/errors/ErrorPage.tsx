import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { useGet } from "~/api/get";
import { isMissing } from "~/api/problem";
import type { components } from "~/api/schema.gen";
import { useWho } from "~/api/who";
import { CopyAs } from "~/components/CopyAs";
import { EventsOf } from "~/components/EventList";
import { KeyValues } from "~/components/KeyValues";
import { NotFound } from "~/components/NotFound";
import page from "~/components/Page.module.css";
import { PageTitle } from "~/components/PageTitle";
import { Panel } from "~/components/Panel";
import { Count } from "~/components/Quantity";
import { State } from "~/components/State";
import { SubjectLink } from "~/components/SubjectLink";
import { Time } from "~/components/Time";
import { WORK_COLLECTIONS } from "~/components/work-collections";
import { titleOf, useCategory } from "~/pages/errors/categories";
import { placesOf, routeOf, whoseAt } from "~/pages/errors/ends";
import { HeldUp } from "~/pages/errors/HeldUp";
import { Remedy } from "~/pages/errors/Remedy";
import { ThingLink } from "~/pages/errors/ThingLink";
import { WhoIsOnIt } from "~/pages/errors/WhoIsOnIt";
import { span } from "~/time/format";

type ErrorRecord = components["schemas"]["Error"];
type Work = components["schemas"]["OpenWorkRow"];

/** One error: what is wrong, since when, who is on it, and what to do, with what it concerns. */
export function ErrorPage({ id }: { readonly id: string }) {
  const found = useGet("/api/v1/errors/{error_id}", { params: { path: { error_id: id } } });
  const { data } = found;
  const category = useCategory(data?.category);
  const work = useWork(data);
  if (isMissing(found)) return <NotFound missed={{ kind: "error", id }} list="errors" />;
  const route = data === undefined || data.resolved_at !== null ? null : routeOf(data, work);
  const title = data === undefined ? "Error" : titleOf(data.category, category);
  return (
    <div className={page.stack}>
      <PageTitle
        title={title}
        beside={
          <CopyAs
            ccat={data === undefined || !isExplained(data) ? null : ["ccat", "why", data.subject_id]}
            path={`/api/v1/errors/${encodeURIComponent(id)}`}
          />
        }
      >
        {title}
        {data !== undefined && <span className={page.kind}>{whereOf(data, work)}</span>}
      </PageTitle>
      <Panel title="What is wrong" of={found}>
        {(error) => (
          <>
            <p className={page.row}>
              <State of={error.severity} />
              <span className={page.lead} dir="auto">
                {error.message}
              </span>
            </p>
            {category !== undefined && <p>{category.meaning}</p>}
            <Standing of={error} />
          </>
        )}
      </Panel>
      <Panel title="What to do" of={found}>
        {(error) => <Remedy of={error} category={category} work={work} />}
      </Panel>
      {route !== null && <HeldUp route={route} />}
      <div className={page.columns}>
        <Panel title="What it concerns" of={found}>
          {(error) => <Concerned of={error} work={work} />}
        </Panel>
        {data !== undefined && (
          <EventsOf
            subject={[data.id, data.subject_id, ...(work?.package_id == null ? [] : [work.package_id])]}
            since={work?.package_id == null ? data.first_seen_at : undefined}
            title={work?.package_id == null ? "What happened since" : "What happened to the package"}
          >
            {data.count > 1 && (
              <p>
                It was met <Count value={data.count} one="time" /> from <Time at={data.first_seen_at} /> to{" "}
                <Time at={data.last_seen_at} />, on average every{" "}
                {span((Date.parse(data.last_seen_at) - Date.parse(data.first_seen_at)) / (data.count - 1))}.
              </p>
            )}
          </EventsOf>
        )}
      </div>
    </div>
  );
}

/** Since when, how often, whether it is over, and who is on it. */
function Standing({ of: error }: { readonly of: ErrorRecord }) {
  const isRepeated = error.count > 1;
  return (
    <KeyValues
      items={[
        ["Since", <Moment key="since" at={error.first_seen_at} />],
        [
          "Seen",
          isRepeated ? (
            <span key="seen">
              <Count value={error.count} one="time" />, last <Time at={error.last_seen_at} as="age" />
            </span>
          ) : (
            "once"
          ),
        ],
        ...(error.resolved_at === null
          ? []
          : [["Ended", <Moment key="end" at={error.resolved_at} />] as const]),
        ["Who is on it", <WhoIsOnIt key="who" of={error} isExplained />],
      ]}
    />
  );
}

function Moment({ at }: { readonly at: string }) {
  return (
    <span>
      <Time at={at} /> (<Time at={at} as="age" />)
    </span>
  );
}

function Concerned({ of: error, work }: { readonly of: ErrorRecord; readonly work: Work | undefined }) {
  const items: (readonly [string, React.ReactNode])[] = [
    [
      "Thing",
      error.subject_type === "data_transfer_route" ? (
        <Link key="thing" to="/work" search={{ route: error.subject_id }}>
          Work that waits for the route {error.subject_id}
        </Link>
      ) : (
        <ThingLink key="thing" of={error}>
          {thingOf(error)}
        </ThingLink>
      ),
    ],
  ];
  if (work !== undefined) {
    if (work.route !== null) {
      items.push([
        "Route",
        <Link key="route" to="/work" search={{ route: work.route }}>
          {work.route}
        </Link>,
      ]);
    }
    if (work.package_id !== null) {
      items.push([
        "Package",
        <span key="package">
          <Link to="/packages/$id" params={{ id: work.package_id }}>
            {[work.module, work.obs_unit].filter((part) => part !== null).join(" of ")}
          </Link>
          {work.observed_at !== null && (
            <>
              , observed <Time at={work.observed_at} />
            </>
          )}
        </span>,
      ]);
    }
  }
  const places = placesOf(error, work);
  if (places.length > 0 && error.subject_type !== "data_location") {
    items.push([places.length === 1 ? "Place" : "From → to", <Places key="places" names={places} />]);
  }
  if (work?.next_at != null) items.push(["Next try", <Moment key="next_at" at={work.next_at} />]);
  items.push(["Site", error.site], ["By itself", <Next key="next" of={error} work={work} />]);
  return <KeyValues items={items} />;
}

function Places({ names }: { readonly names: readonly string[] }) {
  return (
    <span>
      {names.map((name, index) => (
        <Fragment key={name}>
          {index > 0 && " → "}
          <SubjectLink type="data_location" id={name}>
            {name}
          </SubjectLink>
        </Fragment>
      ))}
    </span>
  );
}

/** What happens without anybody; of what was given up or is in doubt, nothing. */
function Next({ of: error, work }: { readonly of: ErrorRecord; readonly work: Work | undefined }) {
  const category = useCategory(error.category);
  const who = useWho();
  if (error.resolved_at !== null) return "It has ended.";
  if (work?.reason === "given_up" || error.category === "location_suspect") {
    return "Nothing changes until somebody acts.";
  }
  if (category === undefined) return "The error ends when what it concerns succeeds.";
  if (category.turn === "automatic") return category.next;
  return `${category.next} Whose turn: ${who(category.turn, whoseAt(error, work))}.`;
}

/** Things that are no work and that `GET /why` explains. */
const EXPLAINED: ReadonlySet<string> = new Set([
  "data_location",
  "data_transfer_route",
  "executed_obs_unit",
  "physical_copy",
  "raw_data_file",
  "raw_data_package",
  "site",
  "staging_job",
]);

function isExplained({ subject_type }: ErrorRecord): boolean {
  return EXPLAINED.has(subject_type) || Object.hasOwn(WORK_COLLECTIONS, subject_type);
}

/** The open work that an error concerns; undefined: it concerns something else, or the work is done. */
function useWork(error: ErrorRecord | undefined): Work | undefined {
  const isWork = error !== undefined && Object.hasOwn(WORK_COLLECTIONS, error.subject_type);
  const found = useGet(
    "/api/v1/open-work",
    { params: { query: { id: [error?.subject_id ?? ""] } } },
    { enabled: isWork },
  );
  return found.data?.items[0];
}

function thingOf({ subject_type, subject_id }: ErrorRecord): string {
  const words = subject_type.replaceAll("_", " ");
  return Object.hasOwn(WORK_COLLECTIONS, subject_type) || subject_id.length > 30
    ? `${words} ${subject_id.slice(0, 8)}`
    : `${words} ${subject_id}`;
}

function whereOf(error: ErrorRecord, work: Work | undefined): string {
  const { location, site } = error;
  const route = routeOf(error, work);
  if (route !== null) return `on the route ${route}`;
  if (location !== null) return `at ${location}`;
  return `at the site ${site}`;
}
