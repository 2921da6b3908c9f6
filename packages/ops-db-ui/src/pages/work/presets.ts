import type { Preset } from "~/lists/presets";

/** Named views of open work. */
export const PRESETS: readonly Preset[] = [
  { id: "all", label: "All open", query: {} },
  { id: "mine", label: "Mine to solve", query: { turn: "operator" } },
  { id: "given-up", label: "Given up", query: { status: "failed" } },
  { id: "longest", label: "Longest waiting", query: { by: "none", turn_not: "automatic" } },
  { id: "moving", label: "Moves now", query: { by: "none", status: "in_progress" } },
];
