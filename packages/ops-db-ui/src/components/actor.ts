/** Return what somebody who did something is called: the session of a person is that person. */
export function actorName(actor: string): string {
  return actor.replace(/ \(session\)$/, "");
}
