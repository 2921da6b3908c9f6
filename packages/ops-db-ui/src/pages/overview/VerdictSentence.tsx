import { CircleCheck, CircleHelp, CircleX, type LucideIcon, TriangleAlert } from "lucide-react";
import { known, worded } from "~/api/words";
import { Age } from "~/components/Age";
import { PageTitle } from "~/components/PageTitle";
import { Time } from "~/components/Time";
import { NARROW, useMedia } from "~/lists/media";
import { useFreshness } from "~/live/freshness";
import type { Verdict } from "~/pages/overview/answers";
import styles from "~/pages/overview/VerdictSentence.module.css";

const ICONS: Readonly<Record<Verdict["level"] | "unknown", LucideIcon>> = {
  green: CircleCheck,
  watch: TriangleAlert,
  act: CircleX,
  unknown: CircleHelp,
};

/** The answer of the page: whether all is well, as one sentence, and what is due next. Grey while it is old. */
export function VerdictSentence({
  verdict,
  answer,
}: {
  readonly verdict: Verdict;
  readonly answer: { readonly dataUpdatedAt: number };
}) {
  const isCurrent = useFreshness().state === "live";
  const isNarrow = useMedia(NARROW);
  const level = isCurrent ? verdict.level : "unknown";
  const Icon = known(ICONS, level) ?? CircleHelp;
  return (
    <div className={styles.verdict} data-level={level}>
      <Icon aria-hidden size={28} className={styles.icon} />
      <PageTitle
        title={`${level === "unknown" ? "No answer" : (known(TITLES, level) ?? worded(level))} · Overview`}
      >
        {isNarrow ? inShort(verdict.sentence) : verdict.sentence}
      </PageTitle>
      {verdict.next !== null && (
        <p className={styles.next}>
          Next by itself, <Time at={verdict.next.at} as="age" /> · {verdict.next.text}
        </p>
      )}
      {!isCurrent && (
        <p className={styles.next}>
          This is the last answer that came; what is so now is not known. <Age of={answer} />
        </p>
      )}
    </div>
  );
}

const TITLES: Readonly<Record<Verdict["level"], string>> = { green: "Green", watch: "Watch", act: "Act" };

/** Return the first part of a sentence of several: on a narrow screen the cards below tell the others. */
function inShort(sentence: string): string {
  const [first = sentence, ...others] = sentence.split("; ");
  return others.length === 0 ? sentence : `${first}, and more below.`;
}
