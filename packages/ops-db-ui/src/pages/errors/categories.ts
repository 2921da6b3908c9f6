import { useGet } from "~/api/get";
import type { components } from "~/api/schema.gen";
import { worded } from "~/api/words";

/** What is said of a category of errors. */
export type Category = components["schemas"]["ErrorCategory"];

/** Return what is said of a category; undefined while it is not known, or for one that this release does not know. */
export function useCategory(code: string | undefined): Category | undefined {
  const categories = useGet("/api/v1/error-categories", {}, { live: false });
  return categories.data?.items.find((category) => category.code === code);
}

/** Return what a category is called. */
export function titleOf(code: string, category: Category | undefined): string {
  const words = category?.text ?? worded(code);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
