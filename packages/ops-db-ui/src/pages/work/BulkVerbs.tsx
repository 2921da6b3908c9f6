import type { Answer } from "~/api/get";
import type { Query } from "~/lists/pages";

type Group = Answer<"/api/v1/open-work/groups">["groups"][number];

/** Retry or cancel what a group has. */
export function BulkVerbs(_: { readonly group: Group; readonly filter: Query }) {
  return null;
}
