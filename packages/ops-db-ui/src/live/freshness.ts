import { useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { isWatching, STALE_AFTER } from "~/live/polling";
import { atClock, useNow } from "~/time/now";

/** Whether what is on the screen is current. */
export type Freshness =
  | { readonly state: "live" }
  | { readonly state: "stale" | "offline"; readonly since: Date | null };

/** Return whether answers arrive: the newest answer of anything that is asked tells. */
export function useFreshness(): Freshness {
  const cache = useQueryClient().getQueryCache();
  const now = useNow();
  const newest = useSyncExternalStore(
    // Other events come while components are drawn, where nothing may be drawn again.
    (listener) => cache.subscribe(({ type }) => type === "updated" && listener()),
    () => Math.max(0, ...cache.getAll().map((query) => query.state.dataUpdatedAt)),
  );
  const since = newest === 0 ? null : atClock(newest);
  if (!navigator.onLine) return { state: "offline", since };
  const isOld = now.getTime() - atClock(newest).getTime() > STALE_AFTER;
  return isOld && isWatching() ? { state: "stale", since } : { state: "live" };
}
