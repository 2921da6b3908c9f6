import { useGet } from "~/api/get";
import { useNames } from "~/api/who";
import { CopyAs } from "~/components/CopyAs";
import { EventList } from "~/components/EventList";
import { Loading } from "~/components/Loading";
import { PageTitle } from "~/components/PageTitle";
import { ProblemNote } from "~/components/ProblemNote";
import { Time } from "~/components/Time";
import { AttentionCards } from "~/pages/overview/AttentionCards";
import { ErrorCounts } from "~/pages/overview/ErrorCounts";
import { Flow } from "~/pages/overview/Flow";
import styles from "~/pages/overview/OverviewPage.module.css";
import { Part } from "~/pages/overview/Part";
import { Places } from "~/pages/overview/Places";
import { SignsOfLife } from "~/pages/overview/SignsOfLife";
import { Today } from "~/pages/overview/Today";
import { VerdictSentence } from "~/pages/overview/VerdictSentence";
import { Waits } from "~/pages/overview/Waits";

const EVENTS_SHOWN = 3;

/** Whether all is well, and if not, what to do. */
export function OverviewPage() {
  const status = useGet("/api/v1/status", {});
  const names = useNames();
  const { data } = status;
  if (data === undefined) {
    return (
      <>
        <PageTitle>Overview</PageTitle>
        {status.isError ? (
          <ProblemNote error={status.error} again={() => void status.refetch()} />
        ) : (
          <Loading lines={8} />
        )}
      </>
    );
  }
  return (
    <>
      <VerdictSentence verdict={data.verdict} answer={status} />
      <div className={styles.page}>
        {status.isError && <ProblemNote error={status.error} again={() => void status.refetch()} />}
        <AttentionCards cards={data.attention} names={names} />
        <Flow steps={data.flow} />
        <Places locations={data.locations} cards={data.attention} at={data.at} />
        <div className={styles.columns}>
          <div className={styles.column}>
            <Waits names={names} />
            <Part
              title="Last events"
              folded={data.recent[0] !== undefined && <Time at={data.recent[0].occurred_at} as="age" />}
            >
              {data.recent.length === 0 ? (
                <p>Nothing has happened yet.</p>
              ) : (
                <EventList of="all" events={data.recent.slice(0, EVENTS_SHOWN)} />
              )}
            </Part>
          </div>
          <div className={styles.column}>
            <Today today={data.today} />
            <ErrorCounts errors={data.errors} />
            <SignsOfLife signs={data.signs_of_life} />
          </div>
        </div>
        <p className={styles.foot}>
          <CopyAs ccat={["ccat", "status"]} path="/api/v1/status" />
        </p>
      </div>
    </>
  );
}
