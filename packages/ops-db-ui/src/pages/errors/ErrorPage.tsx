import { useParams } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { CopyAs } from "~/components/CopyAs";
import { EventsOf } from "~/components/EventList";
import { KeyValues } from "~/components/KeyValues";
import page from "~/components/Page.module.css";
import { PageTitle } from "~/components/PageTitle";
import { Panel } from "~/components/Panel";
import { Count } from "~/components/Quantity";
import { State } from "~/components/State";
import { SubjectLink } from "~/components/SubjectLink";
import { Time } from "~/components/Time";
import { Acknowledge } from "~/pages/errors/Acknowledge";

type ErrorRecord = components["schemas"]["Error"];

/** One error: what is wrong, what to do, what it concerns, and who takes care of it. */
export function ErrorPage() {
  const { id } = useParams({ from: "/_shell/errors/$id" });
  const found = useGet("/api/v1/errors/{error_id}", { params: { path: { error_id: id } } });
  return (
    <div className={page.stack}>
      <PageTitle title="Error" beside={<CopyAs ccat={null} path={`/api/v1/errors/${id}`} />}>
        {found.data === undefined ? "Error" : wordsOf(found.data.category)}
      </PageTitle>
      <Panel title="What is wrong" of={found}>
        {(data) => <Message of={data} />}
      </Panel>
      <div className={page.columns}>
        <Panel title="Facts" of={found}>
          {(data) => <Facts of={data} />}
        </Panel>
        {found.data !== undefined && <EventsOf subject={found.data.subject_id} />}
      </div>
    </div>
  );
}

function Message({ of: data }: { readonly of: ErrorRecord }) {
  const categories = useGet("/api/v1/error-categories", {}, { live: false });
  const category = categories.data?.items.find(({ code }) => code === data.category);
  return (
    <>
      <p className={page.row}>
        <State of={data.severity} />
        {data.resolved_at !== null && <State of="completed" word="ended" />}
        <Acknowledge of={data} />
      </p>
      <p className={page.lead}>{data.message}</p>
      {category !== undefined && (
        <KeyValues
          items={[
            ["Meaning", category.meaning],
            ["What to do", category.remedy],
            ["By itself", category.next],
          ]}
        />
      )}
    </>
  );
}

function Facts({ of: data }: { readonly of: ErrorRecord }) {
  return (
    <KeyValues
      items={[
        [
          "Concerns",
          <SubjectLink key="subject" type={data.subject_type} id={data.subject_id}>
            {wordsOf(data.subject_type)} {data.subject_id}
          </SubjectLink>,
        ],
        [
          "Place",
          data.location === null ? (
            "–"
          ) : (
            <SubjectLink key="place" type="data_location" id={data.location}>
              {data.location}
            </SubjectLink>
          ),
        ],
        ["Site", data.site],
        ["Seen", <Count key="count" value={data.count} one="time" />],
        ["First", <Time key="first" at={data.first_seen_at} />],
        ["Last", <Time key="last" at={data.last_seen_at} />],
        ["Ended", data.resolved_at === null ? "not yet" : <Time key="end" at={data.resolved_at} />],
      ]}
    />
  );
}

function wordsOf(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
