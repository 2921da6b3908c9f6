/**
 * Return what a table says of a value of the API; undefined for one that this version does not know, which stands as
 * the API names it.
 */
export function known<T>(table: Readonly<Record<string, T>>, value: string): T | undefined {
  return Object.hasOwn(table, value) ? table[value] : undefined;
}

/** What people call a thing that the contract names otherwise. */
const NAMES: Readonly<Record<string, string>> = { execution: "observation", execution_id: "observation" };

/** Return a name or a value of the contract as people read it. */
export function worded(name: string): string {
  const called = known(NAMES, name);
  return called ?? (name.replace(/_id$/, "").replaceAll("_", " ").trim() || name);
}
