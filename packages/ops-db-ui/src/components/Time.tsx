import { Hint } from "~/components/Hint";
import type { HintLines } from "~/components/hint-state";
import { Unknown } from "~/components/Unknown";
import { usePreferences } from "~/preferences/preferences";
import { age, clockOf, type SiteTime, shown, span, type TimeStyle, utc } from "~/time/format";
import { currentNow, useSaid } from "~/time/now";
import { useSiteTime } from "~/time/site";

/** A moment as the person wants moments shown; the other forms on hover, focus and tap. */
export function Time({
  at,
  as,
  brief = false,
}: {
  readonly at: string | null | undefined;
  /** `lasting`: for how long it has been so, `31 min`. */
  readonly as?: TimeStyle | "lasting";
  /** Only the time of day, where the day stands beside it. */
  readonly brief?: boolean;
}) {
  const { time } = usePreferences();
  const site = useSiteTime();
  if (at == null) return <Unknown />;
  const moment = new Date(at);
  if (Number.isNaN(moment.getTime())) return <span>{at}</span>;
  const style = as ?? time;
  return (
    <Hint lines={() => formsOf(moment, currentNow(), site)}>
      <time dateTime={utc(moment).replace(" ", "T")}>
        {style === "age" || style === "lasting" ? (
          <Distance moment={moment} say={style === "age" ? age : lasting} />
        ) : (
          worded(shown(moment, style, moment, site), brief)
        )}
      </time>
    </Hint>
  );
}

function Distance({
  moment,
  say,
}: {
  readonly moment: Date;
  readonly say: (moment: Date, now: Date) => string;
}) {
  return useSaid((now) => say(moment, now));
}

function lasting(moment: Date, now: Date): string {
  return span(now.getTime() - moment.getTime());
}

function worded(text: string, brief: boolean): string {
  return brief ? clockOf(text) : text;
}

function formsOf(moment: Date, now: Date, site: SiteTime | null): HintLines {
  const local: HintLines =
    site === null
      ? []
      : [
          ["site", shown(moment, "site", now, site)],
          ["LST", shown(moment, "lst", now, site).replace("LST ", "")],
        ];
  return [
    ["UTC", utc(moment)],
    ...local,
    ["MJD", shown(moment, "mjd", now, site).replace("MJD ", "")],
    ["age", age(moment, now)],
  ];
}
