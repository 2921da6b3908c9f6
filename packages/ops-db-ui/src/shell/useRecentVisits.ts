import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";
import { pageOfTabTitle } from "~/components/tab-title";
import { rememberVisit } from "~/shell/recent";

/** Remember each page when it is left, with the title that it has by then. */
export function useRecentVisits(): void {
  const router = useRouter();
  useEffect(
    () =>
      router.subscribe("onBeforeNavigate", ({ fromLocation, pathChanged }) => {
        const title = pageOfTabTitle(document.title);
        if (fromLocation !== undefined && pathChanged && title !== null) {
          rememberVisit({ address: fromLocation.href, title });
        }
      }),
    [router],
  );
}
