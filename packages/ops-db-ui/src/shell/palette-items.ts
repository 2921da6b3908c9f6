import type { Me } from "~/api/me";
import { operations } from "~/api/operations.gen";
import { may } from "~/api/permissions";
import { HELP_TITLES } from "~/help/pages";
import { ENTRIES } from "~/shell/entries";
import type { Visit } from "~/shell/recent";
import type { Verb } from "~/shell/targets";

/** A line of the palette. */
export interface Item {
  readonly id: string;
  readonly group: "Actions" | "Found" | "Pages" | "Recent" | "Help";
  readonly label: string;
  /** What stands behind the label: the kind of a thing, keys. */
  readonly note: string | null;
  /** Why it cannot be chosen. */
  readonly refused: string | null;
  readonly does: { readonly go: string } | { readonly run: () => void };
}

/** Return what the palette offers before anything is asked of the API. */
export function ownItems(me: Me, verbs: readonly Verb[], visits: readonly Visit[]): readonly Item[] {
  return [
    ...verbs.map(
      (verb, index): Item => ({
        id: `verb-${index}`,
        group: "Actions",
        label: verb.label,
        note: null,
        refused: verb.refused,
        does: { run: verb.run },
      }),
    ),
    ...ENTRIES.map(
      (entry): Item => ({
        id: `page-${entry.key}`,
        group: "Pages",
        label: entry.label,
        note: `g ${entry.key}`,
        refused: may(me, entry.needs) ? null : `Needs the permission ${operations[entry.needs].permission}`,
        does: { go: entry.to },
      }),
    ),
    ...visits.map(
      (visit, index): Item => ({
        id: `recent-${index}`,
        group: "Recent",
        label: visit.title,
        note: null,
        refused: null,
        does: { go: visit.address },
      }),
    ),
    ...Object.entries(HELP_TITLES).map(
      ([page, title]): Item => ({
        id: `help-${page}`,
        group: "Help",
        label: `Help: ${title}`,
        note: null,
        refused: null,
        does: { go: `/help/${page}` },
      }),
    ),
  ];
}

/** Return the items in which every word of a text occurs, in their order; without a text, all but help. */
export function matching(items: readonly Item[], text: string): readonly Item[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items.filter((item) => item.group !== "Help");
  return items.filter((item) => words.every((word) => item.label.toLowerCase().includes(word)));
}

/** Return the groups of items in the order in which they first occur. */
export function grouped(
  items: readonly Item[],
): readonly (readonly [group: string, items: readonly Item[]])[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(item.group, [...(groups.get(item.group) ?? []), item]);
  return [...groups];
}
