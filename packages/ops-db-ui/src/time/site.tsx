import { createContext, type ReactNode, use, useMemo } from "react";
import { useGet } from "~/api/get";
import { useMe } from "~/api/me";
import type { SiteTime } from "~/time/format";

const FIRST = { params: { query: { limit: 1 } } };
const SiteTimeContext = createContext<SiteTime | null>(null);

/** Return the time zone of this site and the longitude of the telescope; null until they are known. */
export function useSiteTime(): SiteTime | null {
  return use(SiteTimeContext);
}

/** Ask once for what every moment below needs. */
export function SiteTimeProvider({ children }: { readonly children: ReactNode }) {
  const own = useMe().site.id;
  const zone = useGet("/api/v1/sites/{name}", { params: { path: { name: own } } }, { live: false }).data
    ?.time_zone;
  const longitude = useGet("/api/v1/telescopes", FIRST, { live: false }).data?.items[0]?.longitude;
  const site = useMemo(
    () => (zone === undefined || longitude === undefined ? null : { timeZone: zone, longitude }),
    [zone, longitude],
  );
  return <SiteTimeContext value={site}>{children}</SiteTimeContext>;
}
