import type { Answer } from "~/api/get";
import { kindCount } from "~/pages/work/kinds";

/** Open work that has one thing in common. */
export type Group = Answer<"/api/v1/open-work/groups">["groups"][number];

type Counts = Readonly<Record<string, number>>;

/** Return names with how often each is there, the most frequent first. */
export function byCount(counts: Counts): readonly (readonly [name: string, count: number])[] {
  return Object.entries(counts).sort(
    ([one, many], [other, more]) => more - many || (one < other ? -1 : Number(one > other)),
  );
}

/** Return of what kinds a group is, in words: `3 transfers, 1 package creation`. */
export function kindsOf({ kinds }: Group): string {
  return byCount(kinds)
    .map(([kind, count]) => kindCount(kind, count))
    .join(", ");
}
