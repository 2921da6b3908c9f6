import { useEffect, useState } from "react";

const KEY = "ccat-reloaded-for";
const ASK_EVERY = 5 * 60_000;

/** Load the page again, once, when a part of it is gone: a newer version was put in its place. */
export function reloadOnceWhenChunksAreGone(): void {
  window.addEventListener("vite:preloadError", (event) => {
    if (sessionStorage.getItem(KEY) === location.href) return;
    sessionStorage.setItem(KEY, location.href);
    event.preventDefault();
    location.reload();
  });
}

/** Whether the server has another version of the interface than the one that runs here. */
export function useNewVersion(): boolean {
  const [isNew, setNew] = useState(false);
  useEffect(() => {
    const own = mainScript(document);
    const ask = async () => {
      if (document.hidden) return;
      const offered = await offeredScript();
      if (own !== null && offered !== null && offered !== own) setNew(true);
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
  return page.querySelector("script[type=module][src]")?.getAttribute("src") ?? null;
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
