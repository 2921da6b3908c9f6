import { useGet } from "~/api/get";
import { type Names, useNames } from "~/api/who";
import { CopyAs } from "~/components/CopyAs";
import { EventList } from "~/components/EventList";
import { Loading } from "~/components/Loading";
import { PageTitle } from "~/components/PageTitle";
import { ProblemNote } from "~/components/ProblemNote";
import { Time } from "~/components/Time";
import { AttentionCards } from "~/pages/overview/AttentionCards";
import type { Status } from "~/pages/overview/answers";
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

/**
 * Whether all is well, and if not, what to do.
 *
 * @param isWall - on a screen on the wall stands what is read from afar, and nothing to press
 */
export function OverviewPage({ isWall = false }: { readonly isWall?: boolean }) {
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
      <div className={styles.page} data-wall={isWall}>
        {status.isError && <ProblemNote error={status.error} again={() => void status.refetch()} />}
        <AttentionCards cards={data.attention} names={names} isWall={isWall} />
        <Flow steps={data.flow} />
        <Places locations={data.locations} cards={data.attention} at={data.at} countedAt={data.counted_at} />
        {!isWall && <Details of={data} names={names} />}
      </div>
    </>
  );
}

function Details({ of: status, names }: { readonly of: Status; readonly names: Names }) {
  return (
    <>
      <div className={styles.columns}>
        <div className={styles.column}>
          <Waits names={names} />
          <Part
            title="Last events"
            folded={status.recent[0] !== undefined && <Time at={status.recent[0].occurred_at} as="age" />}
          >
            {status.recent.length === 0 ? (
              <p>Nothing has happened yet.</p>
            ) : (
              <EventList of="all" events={status.recent.slice(0, EVENTS_SHOWN)} />
            )}
          </Part>
        </div>
        <div className={styles.column}>
          <Today today={status.today} />
          <ErrorCounts errors={status.errors} />
          <SignsOfLife signs={status.signs_of_life} />
        </div>
      </div>
      <p className={styles.foot}>
        <CopyAs ccat={["ccat", "status"]} path="/api/v1/status" />
      </p>
    </>
  );
}
