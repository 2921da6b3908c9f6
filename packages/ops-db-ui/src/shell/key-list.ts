import { ENTRIES } from "~/shell/entries";

/** A key and what it does, for the dialog that lists them. */
export interface KeyHelp {
  readonly keys: readonly string[];
  readonly does: string;
}

/** All keys by where they work. */
export const KEY_LIST: readonly (readonly [where: string, keys: readonly KeyHelp[]])[] = [
  [
    "Everywhere",
    [
      { keys: ["Ctrl", "K"], does: "Go to a page, find something, act" },
      { keys: ["?"], does: "List the keys" },
      { keys: ["Esc"], does: "Close what is open, also beside a list, or go back" },
    ],
  ],
  ["Pages", ENTRIES.map(({ key, label }) => ({ keys: ["g", key], does: label }))],
  [
    "Lists",
    [
      { keys: ["/"], does: "Filters" },
      { keys: ["j"], does: "Next row" },
      { keys: ["k"], does: "Row before" },
      { keys: ["x"], does: "Select the row" },
      { keys: ["Enter"], does: "Open the row, beside the list where there is room" },
    ],
  ],
  [
    "The row with the focus, or the page",
    [
      { keys: ["w"], does: "Why it waits" },
      { keys: ["a"], does: "What can be done with it" },
      { keys: ["c"], does: "Copy as command or call" },
      { keys: ["["], does: "Previous of the list one came from" },
      { keys: ["]"], does: "Next of the list one came from" },
    ],
  ],
];
