import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";

/** What is said of a category of errors. */
export type ErrorCategory = components["schemas"]["ErrorCategory"];

/** Return what is said of each category of errors, by its code. */
export function useErrorCategories(): ReadonlyMap<string, ErrorCategory> {
  const { data } = useGet("/api/v1/error-categories", {}, { live: false });
  return new Map(data?.items.map((entry) => [entry.code, entry]));
}
