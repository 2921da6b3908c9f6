import { Hint } from "~/components/Hint";
import { Unknown } from "~/components/Unknown";
import { usePreferences } from "~/preferences/preferences";
import { age, shown, type TimeStyle, utc } from "~/time/format";
import { useNow } from "~/time/now";
import { useSiteTime } from "~/time/site";

const OTHERS: readonly (readonly [TimeStyle, string])[] = [
  ["utc", "UTC"],
  ["site", "site"],
  ["lst", "LST"],
  ["mjd", "MJD"],
  ["age", "age"],
];

/** A moment as the person wants moments shown; the other forms on hover, focus and tap. */
export function Time({ at, as }: { readonly at: string | null | undefined; readonly as?: TimeStyle }) {
  const { time } = usePreferences();
  const site = useSiteTime();
  const now = useNow();
  if (at == null) return <Unknown />;
  const moment = new Date(at);
  return (
    <Hint
      lines={OTHERS.map(([style, name]) => [
        name,
        style === "age" ? age(moment, now) : shown(moment, style, now, site),
      ])}
    >
      <time dateTime={utc(moment).replace(" ", "T")}>{shown(moment, as ?? time, now, site)}</time>
    </Hint>
  );
}
