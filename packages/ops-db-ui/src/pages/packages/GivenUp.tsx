import { useGet } from "~/api/get";
import { useWho } from "~/api/who";
import { known } from "~/api/words";
import { brief } from "~/components/brief";
import { Contact } from "~/components/Contact";
import { inUnits } from "~/components/event-words";
import page from "~/components/Page.module.css";
import { RemedySteps } from "~/components/RemedySteps";
import { SubjectLink } from "~/components/SubjectLink";
import { Time } from "~/components/Time";
import { WORK_COLLECTIONS } from "~/components/work-collections";
import styles from "~/pages/packages/GivenUp.module.css";
import type { Step } from "~/pages/packages/life";
import { RetryStep } from "~/pages/work/RetryStep";

/** Work on a package that was given up: what happened, what to mend first, and how it goes on. */
export function GivenUp({ of: step, place }: { readonly of: Step; readonly place: string }) {
  const categories = useGet("/api/v1/error-categories", {}, { live: false });
  const category = categories.data?.items.find(({ code }) => code === step.error_category);
  const collection = known(WORK_COLLECTIONS, step.subject_type);
  // What was given up does not go on by itself, whatever its category does.
  const turn = category === undefined || category.turn === "automatic" ? "operator" : category.turn;
  const whose = useWho()(turn, [step.title, step.detail, place]);
  const short = step.detail === null ? null : inUnits(brief(step.detail));
  const remedy = category?.before_retry ?? "Remove the cause that the message names.";
  const found = useGet("/api/v1/open-work", { params: { query: { id: [step.subject_id] } } });
  const open = found.data?.items.find(({ id }) => id === step.subject_id);
  const where = [step.title, step.detail, place];
  return (
    <div className={styles.problem}>
      <h3 className={styles.title}>
        {step.title} and was given up
        {step.finished_at !== null && (
          <span className={page.muted}>
            {" "}
            <Time at={step.finished_at} as="age" />
          </span>
        )}
      </h3>
      <p>
        <strong dir="auto">{short}</strong>
      </p>
      {step.detail !== null && short !== step.detail && (
        <details>
          <summary>The message word for word</summary>
          <p className={page.fixed} dir="auto">
            {step.detail}
          </p>
        </details>
      )}
      {category !== undefined && <p>{category.meaning}</p>}
      <p>
        Nothing changes until somebody acts. {open?.kept} It is the turn of {whose}
        {turn === "site" && <Contact where={where} />}:
      </p>
      <RemedySteps remedy={remedy} place={place}>
        {collection !== undefined && (
          <RetryStep collection={collection} id={step.subject_id} isFirst={remedy === ""} open={open} />
        )}
      </RemedySteps>
      <p>
        <SubjectLink type={step.subject_type} id={step.subject_id}>
          See this work
        </SubjectLink>
      </p>
    </div>
  );
}
