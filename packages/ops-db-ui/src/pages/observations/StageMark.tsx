import { Circle, CircleCheck, CircleX, Clock, LoaderCircle, type LucideIcon } from "lucide-react";
import { Hint } from "~/components/Hint";
import type { HintLines } from "~/components/hint-state";
import styles from "~/pages/observations/StageMark.module.css";
import type { Stage } from "~/pages/observations/stages";
import { utc } from "~/time/format";

const LOOKS: Readonly<Record<Stage["state"], readonly [LucideIcon, string]>> = {
  done: [CircleCheck, "passed"],
  now: [LoaderCircle, "under way"],
  wait: [Clock, "waits"],
  failed: [CircleX, "given up"],
  next: [Circle, "not yet"],
};

/** How a package stands at one stage: a mark, with when and where on hover, focus and tap. */
export function StageMark({ of: stage }: { readonly of: Stage }) {
  const [Icon, word] = LOOKS[stage.state];
  return (
    <Hint lines={() => linesOf(stage, word)}>
      <span className={styles.mark} data-state={stage.state}>
        <Icon aria-hidden size={20} strokeWidth={2} />
        <span className={isPlain(stage) ? "visually-hidden" : styles.word}>{word}</span>
      </span>
    </Hint>
  );
}

/** Whether the mark alone says it: what is passed or still to come. */
function isPlain({ state }: Stage): boolean {
  return state === "done" || state === "next";
}

function linesOf(stage: Stage, word: string): HintLines {
  return [
    [stage.label, word],
    ...(stage.at === null ? [] : [["at", utc(new Date(stage.at))] as const]),
    ...(stage.note === null ? [] : [["in", stage.note] as const]),
  ];
}
