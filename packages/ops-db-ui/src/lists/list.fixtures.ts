import type { RowOf } from "~/lists/pages";
import { answer, answerCall } from "~tests/answers";

/** Address of the list that tests of lists show. */
export const LIST = "/api/v1/executed-obs-units";
export type Execution = RowOf<typeof LIST>;

/** An execution with a number. */
export function execution(number: number, changes: Partial<Execution> = {}): Execution {
  const id = `01a22a1f-eb69-7115-8b1c-${String(number).padStart(12, "0")}`;
  const started = new Date(Date.UTC(2026, 2, 1) - number * 60_000).toISOString();
  return {
    id,
    obs_unit: `Unit ${number}`,
    status: "completed",
    started_at: started,
    ended_at: null,
    modules: ["chai-lfa"],
    ...changes,
  } as Execution;
}

/** Executions with the numbers from one to another. */
export function executions(from: number, to: number): Execution[] {
  return Array.from({ length: to - from + 1 }, (_, index) => execution(from + index));
}

/** Let the list answer with these rows, whatever it is asked for. */
export function answerList(items: readonly Execution[], next: string | null = null): void {
  answer(LIST, { items: [...items], next_cursor: next });
}

/** Let the list answer to one query. */
export function answerQuery(query: string, items: readonly Execution[], next: string | null = null): void {
  answerCall(`GET ${LIST}?${query}`, 200, { items, next_cursor: next });
}
