const OURS = "CCAT data centre";
const BETWEEN = " · ";

/** Return the title of a tab: the verdict where there is one, the page, and what this is. */
export function tabTitle(page: string, verdict: string | null): string {
  return [...(verdict === null ? [] : [verdict]), page, OURS].join(BETWEEN);
}

/** Return the page of a title that `tabTitle` made with a verdict; null for any other title. */
export function pageOfTabTitle(title: string): string | null {
  const [, ...rest] = title.split(BETWEEN);
  return rest.length > 1 && rest.at(-1) === OURS ? rest.slice(0, -1).join(BETWEEN) : null;
}
