import type { components } from "~/api/schema.gen";

type ErrorRecord = components["schemas"]["Error"];
type Work = components["schemas"]["OpenWorkRow"];

/** Return the route on which an error is, or the work that it concerns; null: it is on none. */
export function routeOf(error: ErrorRecord, work: Work | undefined): string | null {
  return error.route ?? work?.route ?? null;
}

/** Return the places that an error concerns: both ends of what moves, or the one where it is. */
export function placesOf(error: ErrorRecord, work: Work | undefined): readonly string[] {
  const ends = [work?.from ?? null, work?.to ?? null].filter((place) => place !== null);
  if (ends.length > 0) return ends;
  return error.location === null ? [] : [error.location];
}

/** Return where an error is as far as that tells whose turn it is: on its route, else at its place or site. */
export function whoseAt(error: ErrorRecord, work: Work | undefined): readonly string[] {
  return [routeOf(error, work) ?? error.location ?? error.site];
}
