import { useGet } from "~/api/get";
import { CopyAs } from "~/components/CopyAs";
import { Loading } from "~/components/Loading";
import { PageTitle } from "~/components/PageTitle";
import { ProblemNote } from "~/components/ProblemNote";
import { AttentionCards } from "~/pages/overview/AttentionCards";
import { ErrorCounts } from "~/pages/overview/ErrorCounts";
import { Flow } from "~/pages/overview/Flow";
import { LastEvents } from "~/pages/overview/LastEvents";
import styles from "~/pages/overview/OverviewPage.module.css";
import { Places } from "~/pages/overview/Places";
import { SignsOfLife } from "~/pages/overview/SignsOfLife";
import { Today } from "~/pages/overview/Today";
import { VerdictSentence } from "~/pages/overview/VerdictSentence";
import { Waits } from "~/pages/overview/Waits";

/** Whether all is well, and if not, what to do. */
export function OverviewPage() {
  const status = useGet("/api/v1/status", {});
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
        <AttentionCards cards={data.attention} />
        <Flow steps={data.flow} />
        <Places locations={data.locations} />
        <div className={styles.columns}>
          <div className={styles.column}>
            <Waits />
            <LastEvents events={data.recent} />
          </div>
          <div className={styles.column}>
            <Today today={data.today} />
            <ErrorCounts errors={data.errors} />
            <SignsOfLife signs={data.signs_of_life} />
          </div>
        </div>
        <p className={styles.foot}>
          <CopyAs ccat="ccat status" path="/api/v1/status" />
        </p>
      </div>
    </>
  );
}
