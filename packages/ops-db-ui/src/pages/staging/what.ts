import type { Item, Job } from "~/pages/staging/answers";

/** Return what a job brings, in one line: its obs unit, and which package or file of it if not all. */
export function whatOf({ obs_unit, package_id, file_id, items }: Job): string {
  const [only] = items;
  if (only === undefined || (package_id === null && file_id === null)) return obs_unit;
  return `${obs_unit}, ${nameOf(only)}`;
}

/** Return what people call a part of a job: `chai-lfa · part 1`, or the name of its file. */
export function nameOf({ module, part_number, relative_path }: Item): string {
  if (relative_path !== null) return relative_path.slice(relative_path.lastIndexOf("/") + 1);
  return `${module} · part ${part_number}`;
}
