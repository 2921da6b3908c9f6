import type { Filter, Operation } from "~/api/operation";
import { worded } from "~/api/words";

/** What a person may narrow a list by: one filter of the contract, or two that belong together. */
export type Field =
  | {
      readonly kind: "choice" | "boolean" | "number" | "id" | "text";
      readonly name: string;
      readonly label: string;
      readonly filter: Filter;
      /** The filter that leaves out what this one takes, if there is one. */
      readonly not: Filter | null;
    }
  | {
      readonly kind: "time";
      readonly name: string;
      readonly label: string;
      readonly since: Filter | null;
      readonly until: Filter | null;
    };

const NOT = "_not";
/** Filter that looks for text in several fields. */
const SEARCH = "q";
const BOUND = /^(?:(.*)_)?(since|until)$/;

/** Return the fields of a list in the order of its contract; `without` leaves out names that a page fixes. */
export function fieldsOf(operation: Operation, without: readonly string[] = []): readonly Field[] {
  const filters = operation.filters.filter(({ name }) => !without.includes(name));
  const named = new Map(filters.map((filter) => [filter.name, filter]));
  const fields: Field[] = [];
  for (const filter of filters) {
    const bound = filter.type === "time" ? BOUND.exec(filter.name) : null;
    if (bound !== null) {
      const stem = bound[1] ?? "";
      const pair = ["since", "until"].map((end) => named.get(stem === "" ? end : `${stem}_${end}`) ?? null);
      if (pair.find((one) => one !== null) !== filter) continue;
      const label = stem === "" ? "time" : worded(stem);
      fields.push({ kind: "time", name: filter.name, label, since: pair[0] ?? null, until: pair[1] ?? null });
    } else if (filter.type === "time") {
      fields.push({
        kind: "time",
        name: filter.name,
        label: worded(filter.name),
        since: filter,
        until: null,
      });
    } else if (!(filter.name.endsWith(NOT) && named.has(filter.name.slice(0, -NOT.length)))) {
      const not = named.get(filter.name + NOT) ?? null;
      const label = filter.name === SEARCH ? "text" : worded(filter.name);
      fields.push({ kind: filter.type, name: filter.name, label, filter, not });
    }
  }
  return fields;
}

/** Return the filters of the contract that a field stands for. */
export function filtersOf(field: Field): readonly Filter[] {
  const both = field.kind === "time" ? [field.since, field.until] : [field.filter, field.not];
  return both.filter((filter) => filter !== null);
}
