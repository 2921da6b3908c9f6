import type { Operation } from "~/api/operation";
import { operations } from "~/api/operations.gen";
import type { components } from "~/api/schema.gen";
import type { Query } from "~/lists/pages";

const LIST: Operation = operations.list_open_work;

/** Return the filters of a list of open work as the body of a change of all that it lists wants them. */
export function whereOf(query: Query): components["schemas"]["WhereOpenWork"] {
  const filters = LIST.filters.flatMap(({ name, many }) => {
    const value = query[name];
    if (value === undefined) return [];
    const values = [value].flat();
    return [[name, many ? values : values[0]] as const];
  });
  return Object.fromEntries(filters);
}
