import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { components } from "~/api/schema.gen";
import { TURNS } from "~/api/waiting-reasons";
import page from "~/components/Page.module.css";
import { RemedySteps } from "~/components/RemedySteps";
import { beforeRetry } from "~/components/remedy";
import { SubjectLink } from "~/components/SubjectLink";
import type { Category } from "~/pages/errors/categories";
import { WorkVerbs } from "~/pages/work/WorkVerbs";

type ErrorRecord = components["schemas"]["Error"];
type Work = components["schemas"]["OpenWorkRow"];

/** What a person does about an error, step by step, ending with what can be done here. */
export function Remedy({
  of: error,
  category,
  work,
}: {
  readonly of: ErrorRecord;
  readonly category: Category | undefined;
  readonly work: Work | undefined;
}) {
  if (error.resolved_at !== null) return <p>Nothing: it has ended.</p>;
  const remedy = category?.remedy ?? "Remove the cause that the message names.";
  return (
    <>
      {category !== undefined && category.turn !== "automatic" && <p>Turn: {TURNS[category.turn]}.</p>}
      <RemedySteps remedy={beforeRetry(remedy)} place={error.location}>
        {work?.status === "failed" && (
          <span className={page.row}>
            Then retry:
            <WorkVerbs collection={work.collection} id={work.id} verbs={["retry"]} />
          </span>
        )}
      </RemedySteps>
      <p>
        <Where of={error} work={work} />
      </p>
    </>
  );
}

/** Where the remedy begins: the work, the route or the place. */
function Where({
  of: error,
  work,
}: {
  readonly of: ErrorRecord;
  readonly work: Work | undefined;
}): ReactNode {
  if (work?.status === "failed") {
    return (
      <SubjectLink type={error.subject_type} id={error.subject_id}>
        See this {error.subject_type.replaceAll("_", " ")}
      </SubjectLink>
    );
  }
  if (error.subject_type === "data_transfer_route") {
    return (
      <Link to="/work" search={{ route: error.subject_id }}>
        See what waits for {error.subject_id}
      </Link>
    );
  }
  if (error.location !== null) {
    return (
      <SubjectLink type="data_location" id={error.location}>
        See the state of {error.location}
      </SubjectLink>
    );
  }
  return (
    <SubjectLink type={error.subject_type} id={error.subject_id}>
      See the {error.subject_type.replaceAll("_", " ")}
    </SubjectLink>
  );
}
