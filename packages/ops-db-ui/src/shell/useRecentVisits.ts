import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { rememberVisit } from "~/shell/recent";

const SUFFIX = " · CCAT data centre";

/** Remembers each page when it is left, with the title that it has by then. */
export function useRecentVisits(): void {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onBeforeNavigate", ({ fromLocation, pathChanged }) => {
        if (fromLocation === undefined || !pathChanged || !document.title.endsWith(SUFFIX)) return;
        const words = document.title.slice(0, -SUFFIX.length);
        rememberVisit({ address: fromLocation.href, title: words.replace(/^[^·]* · /, "") });
      }),
    [router],
  );
}
