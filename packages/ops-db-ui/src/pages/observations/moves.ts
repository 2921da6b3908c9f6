/** Reasons of what moves, or will within seconds. */
const MOVES: ReadonlySet<string> = new Set(["in_progress", "dispatched"]);

/** Whether something is held up: it has a reason, and that is not that it moves. */
export function isHeldUp(reason: string | null): reason is string {
  return reason !== null && !MOVES.has(reason);
}
