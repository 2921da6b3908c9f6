export type HelpText = typeof import("*.md");

const TEXTS = import.meta.glob<HelpText>("../../help/*.md");

/** Return the help text of a name; null when there is none. */
export async function helpText(name: string): Promise<HelpText | null> {
  const load = TEXTS[`../../help/${name}.md`];
  return load === undefined ? null : await load();
}
