import type { ReactNode } from "react";

/** A help text as `scripts/help-pages.ts` compiles it. */
export interface HelpText {
  readonly title: string;
  readonly sections: readonly { readonly id: string; readonly title: string }[];
  readonly Text: () => ReactNode;
}

const TEXTS = import.meta.glob<HelpText>("../../help/*.md");

/** Return the help text of a name; null when there is none. */
export async function helpText(name: string): Promise<HelpText | null> {
  const load = TEXTS[`../../help/${name}.md`];
  return load === undefined ? null : await load();
}
