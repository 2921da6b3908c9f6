import { worded } from "~/api/words";
import { type Field, filtersOf } from "~/lists/fields";
import type { Filters } from "~/lists/state";
import { rangeInWords } from "~/lists/times";

/** A filter that is set, in words: `state is archived`. */
export interface Chip {
  readonly field: Field;
  readonly text: string;
  /** Names in the address that it stands for. */
  readonly names: readonly string[];
}

/** How the values of a field are called; null: as the contract calls them. */
export type Words = (field: string, value: string) => string | null;

/** Return what the set filters say, one chip for each condition. */
export function chipsOf(fields: readonly Field[], filters: Filters, words: Words): readonly Chip[] {
  return fields.flatMap((field) => {
    if (field.kind === "time") {
      const since = field.since === null ? null : (filters[field.since.name]?.[0] ?? null);
      const until = field.until === null ? null : (filters[field.until.name]?.[0] ?? null);
      if (since === null && until === null) return [];
      const text = `${field.label} ${rangeInWords(since, until)}`;
      return [{ field, text, names: filtersOf(field).map(({ name }) => name) }];
    }
    const said = (name: string, verb: string): Chip[] => {
      const values = filters[name];
      if (values === undefined) return [];
      if (field.kind === "boolean" && values.length === 1) {
        const isSo = (values[0] === "true") === (verb === "is");
        return [{ field, text: isSo ? field.label : `not ${field.label}`, names: [name] }];
      }
      const shown = values.map((value) => words(field.name, value) ?? valueInWords(field, value));
      return [{ field, text: `${field.label} ${verb} ${shown.join(" or ")}`, names: [name] }];
    };
    return [...said(field.name, "is"), ...(field.not === null ? [] : said(field.not.name, "is not"))];
  });
}

/** Return a value of a filter as people read it. */
export function valueInWords(field: Field, value: string): string {
  if (field.kind === "boolean") return value === "true" ? "yes" : "no";
  return field.kind === "choice" ? worded(value) : value;
}
