import { useEffect, useState } from "react";

const KEY = "ccat-reloaded-for";
const ASK_EVERY = 5 * 60_000;

/** Name of the error of a part of the interface that could not be loaded. */
const MISSING = "MissingPart";

/**
 * Give what cannot be loaded a name of its own. By the browser's words for it the router would load the page anew, also
 * where there is no connection, and leave the browser's own page about that.
 */
export function nameMissingParts(): void {
  window.addEventListener("vite:preloadError", ({ payload }) => {
    payload.name = MISSING;
    payload.message = "a part of the interface could not be loaded";
  });
}

/** Whether an error says that a part of the interface could not be loaded. */
export function isPartMissing(error: unknown): boolean {
  return error instanceof Error && error.name === MISSING;
}

/** Load the page again, once for an address, if the server has another version than the one that runs here. */
export async function reloadForNewVersion(): Promise<void> {
  if (sessionStorage.getItem(KEY) === location.href || !(await isReplaced())) return;
  sessionStorage.setItem(KEY, location.href);
  location.reload();
}

/** Whether the server has another version of the interface than the one that runs here. */
export function useNewVersion(): boolean {
  const [isNew, setNew] = useState(false);
  useEffect(() => {
    const ask = async () => {
      if (!document.hidden && (await isReplaced())) setNew(true);
    };
    const timer = setInterval(() => void ask(), ASK_EVERY);
    document.addEventListener("visibilitychange", ask);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", ask);
    };
  }, []);
  return isNew;
}

/** Return the address of the script that a document begins with; its name changes with its contents. */
export function mainScript(page: Document): string | null {
  return page.querySelector("script[type=module][src]:not([async])")?.getAttribute("src") ?? null;
}

async function isReplaced(): Promise<boolean> {
  const own = mainScript(document);
  const offered = await offeredScript();
  return own !== null && offered !== null && offered !== own;
}

async function offeredScript(): Promise<string | null> {
  try {
    const response = await fetch("/", { cache: "no-cache", headers: { accept: "text/html" } });
    if (!response.ok) return null;
    return mainScript(new DOMParser().parseFromString(await response.text(), "text/html"));
  } catch {
    return null;
  }
}
