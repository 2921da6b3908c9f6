import type { Operation } from "~/api/operation";
import type { Query } from "~/lists/pages";
import type { Filters } from "~/lists/state";
import { momentOf } from "~/lists/times";
import type { SiteTime } from "~/time/format";

/** Return what the API is asked for by the filters of an address: times become moments. */
export function queryOf(operation: Operation, filters: Filters, now: Date, site: SiteTime | null): Query {
  return Object.fromEntries(
    Object.entries(filters).map(([name, values]) => [
      name,
      operation.filters.find((filter) => filter.name === name)?.type === "time"
        ? values.map((text) => momentOf(text, /until$/.test(name), now, site))
        : values,
    ]),
  );
}
