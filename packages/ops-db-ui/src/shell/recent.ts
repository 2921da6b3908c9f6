const KEY = "ccat-recent";
const MOST = 8;

/** A page that was looked at in this tab. */
export interface Visit {
  readonly address: string;
  readonly title: string;
}

/** Return the pages looked at last, newest first. */
export function recentVisits(): readonly Visit[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isVisit) : [];
  } catch {
    return [];
  }
}

/** Remember that a page was looked at; the same page counts once. */
export function rememberVisit(visit: Visit): void {
  const others = recentVisits().filter(({ address }) => address !== visit.address);
  try {
    sessionStorage.setItem(KEY, JSON.stringify([visit, ...others].slice(0, MOST)));
  } catch {
    // A browser that keeps nothing: there are no recent pages then.
  }
}

function isVisit(value: unknown): value is Visit {
  if (typeof value !== "object" || value === null) return false;
  const { address, title } = value as Partial<Visit>;
  return typeof address === "string" && address.startsWith("/") && typeof title === "string";
}
