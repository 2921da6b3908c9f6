import { Link } from "@tanstack/react-router";
import type { components } from "~/api/schema.gen";
import { useWho } from "~/api/who";
import { Contact } from "~/components/Contact";
import page from "~/components/Page.module.css";
import { RemedySteps } from "~/components/RemedySteps";
import { SubjectLink } from "~/components/SubjectLink";
import type { Category } from "~/pages/errors/categories";
import { placesOf, routeOf, whoseAt } from "~/pages/errors/ends";
import { ThingLink } from "~/pages/errors/ThingLink";
import { RetryStep } from "~/pages/work/RetryStep";

type ErrorRecord = components["schemas"]["Error"];
type Work = components["schemas"]["OpenWorkRow"];

/** What was seen this often is no accident. */
const KEEPS_FAILING = 5;

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
  const who = useWho();
  if (error.resolved_at !== null) return <p>Nothing: it has ended.</p>;
  const isGivenUp = work?.status === "failed";
  const remedy = remedyOf(error, category, isGivenUp);
  return (
    <>
      {category !== undefined && category.turn !== "automatic" && (
        <p>
          Whose turn: {who(category.turn, whoseAt(error, work))}
          {category.turn === "site" && <Contact where={whoseAt(error, work)} />}.
        </p>
      )}
      <RemedySteps remedy={remedy} place={error.location}>
        {isGivenUp && (
          <RetryStep collection={work.collection} id={work.id} isFirst={remedy === ""} open={work} />
        )}
      </RemedySteps>
      {isGivenUp && work.kept !== null && <p>{work.kept}</p>}
      <Where of={error} work={work} category={category} />
    </>
  );
}

function remedyOf(error: ErrorRecord, category: Category | undefined, isGivenUp: boolean): string {
  if (category === undefined) return "Remove the cause that the message names.";
  if (isGivenUp) return category.before_retry;
  return error.count >= KEEPS_FAILING ? category.while_it_lasts : category.remedy;
}

/** Where the remedy begins: the work, the route, the places at its ends; and what is known of such errors. */
function Where({
  of: error,
  work,
  category,
}: {
  readonly of: ErrorRecord;
  readonly work: Work | undefined;
  readonly category: Category | undefined;
}) {
  const route = routeOf(error, work);
  const places = placesOf(error, work);
  const isThing = error.subject_type !== "data_location" && error.subject_type !== "data_transfer_route";
  return (
    <p className={page.row}>
      {isThing && <ThingLink of={error}>See this {error.subject_type.replaceAll("_", " ")}</ThingLink>}
      {route !== null && (
        <Link to="/work" search={{ route }}>
          See what waits for {route}
        </Link>
      )}
      {places.map((place) => (
        <SubjectLink key={place} type="data_location" id={place}>
          See the state of {place}
        </SubjectLink>
      ))}
      {category !== undefined && (
        <Link to="/errors/known/$category" params={{ category: category.code }}>
          About errors of this kind
        </Link>
      )}
    </p>
  );
}
