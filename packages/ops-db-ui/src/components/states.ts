import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CirclePause,
  CircleX,
  Clock,
  LoaderCircle,
  type LucideIcon,
  Trash2,
  TriangleAlert,
} from "lucide-react";
import { known } from "~/api/words";

/** How urgent something is: what a person has to make of it. */
export type Tone = "ok" | "moving" | "watch" | "act" | "unknown";

interface Look {
  readonly tone: Tone;
  readonly icon: LucideIcon;
  readonly word?: string;
}

/** The look of each state that the API names, whatever it is a state of. */
const LOOKS: Readonly<Record<string, Look>> = {
  archived: { tone: "ok", icon: CircleCheck },
  completed: { tone: "ok", icon: CircleCheck },
  verified: { tone: "ok", icon: CircleCheck },
  present: { tone: "ok", icon: CircleCheck },
  ready: { tone: "ok", icon: CircleCheck },
  staged: { tone: "ok", icon: CircleCheck },
  green: { tone: "ok", icon: CircleCheck },
  in_service: { tone: "ok", icon: CircleCheck, word: "in service" },
  running: { tone: "moving", icon: LoaderCircle },
  transferring: { tone: "moving", icon: LoaderCircle },
  in_progress: { tone: "moving", icon: LoaderCircle, word: "in progress" },
  scheduled: { tone: "moving", icon: Clock },
  pending: { tone: "unknown", icon: Clock },
  waiting: { tone: "unknown", icon: Clock },
  deletion_scheduled: { tone: "watch", icon: Trash2, word: "deletion scheduled" },
  deletion_in_progress: { tone: "moving", icon: Trash2, word: "being deleted" },
  deleted: { tone: "unknown", icon: Trash2 },
  expired: { tone: "unknown", icon: CircleDashed },
  cancelled: { tone: "unknown", icon: Ban },
  aborted: { tone: "watch", icon: Ban },
  suspended: { tone: "watch", icon: CirclePause },
  in_doubt: { tone: "act", icon: CircleX, word: "in doubt" },
  paused: { tone: "watch", icon: CirclePause },
  disabled: { tone: "watch", icon: CirclePause },
  watch: { tone: "watch", icon: TriangleAlert },
  info: { tone: "unknown", icon: CircleHelp },
  warning: { tone: "watch", icon: TriangleAlert },
  error: { tone: "act", icon: CircleX },
  critical: { tone: "act", icon: CircleX },
  act: { tone: "act", icon: CircleX },
  failed: { tone: "act", icon: CircleX },
  corrupt: { tone: "act", icon: CircleX },
  missing: { tone: "act", icon: CircleX },
};

/** Return how a state looks; one that this version does not know stands as the API names it. */
export function lookOf(state: string): Look & { readonly word: string } {
  const look = known(LOOKS, state) ?? { tone: "unknown", icon: CircleHelp };
  return { ...look, word: look.word ?? state.replaceAll("_", " ") };
}
