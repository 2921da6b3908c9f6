import { CircleX, TriangleAlert } from "lucide-react";
import { type ReactNode, useId } from "react";
import styles from "~/components/BufferBar.module.css";
import { Hatch } from "~/components/Hatch";
import { Legend } from "~/components/Legend";
import { grouped, percent, withPrefix } from "~/components/quantity";
import type { Tone } from "~/components/states";

/** How full a store is: what is used, what is kept free, and the watermarks between which it is emptied. */
export function BufferBar({
  label,
  used,
  total,
  low,
  high,
  reserved = 0,
  forecast,
  isSoonFull = false,
  rule,
  hasWatermarks = true,
  brief = false,
  tone: said,
}: {
  /** What is full or empty: the name of the place. */
  readonly label: string;
  /** Bytes; null: not measured. */
  readonly used: number | null;
  /** Bytes; null: without a limit, or not measured. */
  readonly total: number | null;
  /** Watermark down to which is deleted, per cent. */
  readonly low: number;
  /** Watermark from which is deleted, per cent. */
  readonly high: number;
  /** Bytes that stay free for what is under way. */
  readonly reserved?: number;
  /** What comes: `full in 3 d 4 h`, `falling`. */
  readonly forecast?: string | null;
  /** It is full within a day if it fills on as it does. */
  readonly isSoonFull?: boolean;
  /** When copies are deleted there, where that is not between the watermarks: a sentence. */
  readonly rule?: string;
  /** What is deleted there, is deleted between the watermarks; otherwise they are not shown. */
  readonly hasWatermarks?: boolean;
  /** One of many: the watermarks are drawn and told, not written below. */
  readonly brief?: boolean;
  /** How urgent it is, where more is known of that than how full it is. */
  readonly tone?: Tone;
}) {
  const id = useId();
  if (used === null || total === null || total <= 0) {
    return (
      <p className={styles.plain}>
        {used === null ? "Usage not measured" : `${withPrefix(used, "B")} used, no limit known`}
      </p>
    );
  }
  const share = Math.min(100, (used / total) * 100);
  const kept = Math.min(100 - share, (reserved / total) * 100);
  const tone = said ?? toneOf(share, high, isSoonFull);
  const free = Math.max(0, total - used);
  const figures = [
    `${percent(used, total)} full`,
    `${withPrefix(used, "B")} of ${withPrefix(total, "B")} used`,
    `${withPrefix(free, "B")} free`,
    ...(reserved > 0 ? [`${withPrefix(reserved, "B")} of it reserved`] : []),
    ...(hasWatermarks ? [`watermarks at ${low} % and ${high} %`] : []),
    ...(rule === undefined ? [] : [rule]),
    ...(forecast ? [forecast] : []),
  ];
  const line = { className: styles.mark, x1: "8", x2: "8", y1: "0", y2: "12" };
  const legend = [
    { sign: sign(<rect className={styles.used} width="16" height="10" y="1" rx="2" />), words: "used" },
    ...(kept > 0
      ? [
          {
            sign: sign(<rect width="16" height="10" y="1" fill={`url(#${id})`} />),
            words: `${withPrefix(reserved, "B")} kept free for what is under way`,
          },
        ]
      : []),
    ...(hasWatermarks
      ? [
          { sign: sign(<line {...line} strokeDasharray="3 2" />), words: `lower watermark, ${low} %` },
          { sign: sign(<line {...line} />), words: `upper watermark, ${high} %` },
        ]
      : []),
  ];
  return (
    <div className={styles.buffer} data-tone={tone}>
      <p className={styles.head} aria-hidden>
        <span className={styles.share}>
          {tone === "watch" && <TriangleAlert size={14} />}
          {tone === "act" && <CircleX size={14} />}
          <span>{percent(used, total)}</span>
        </span>
        <span>
          {withPrefix(used, "B")} of {withPrefix(total, "B")}
        </span>
        {forecast && <span className={styles.forecast}>{forecast}</span>}
      </p>
      {/* biome-ignore lint/a11y/useSemanticElements: the browser's own meter has no watermarks */}
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share)}
        aria-valuetext={figures.join(", ")}
        title={`${grouped(used)} of ${grouped(total)} bytes`}
      >
        <svg className={styles.bar} aria-hidden="true">
          <defs>
            <Hatch id={id} />
          </defs>
          <rect className={styles.track} y="0" width="100%" height="16" rx="3" />
          {hasWatermarks && (
            <rect className={styles.above} x={`${high}%`} y="0" width={`${100 - high}%`} height="16" />
          )}
          <rect className={styles.used} y="0" width={`${share}%`} height="16" rx="3" />
          {kept > 0 && (
            <>
              <rect className={styles.reserved} x={`${share}%`} y="0" width={`${kept}%`} height="16" />
              <rect x={`${share}%`} y="0" width={`${kept}%`} height="16" fill={`url(#${id})`} />
            </>
          )}
          {hasWatermarks && (
            <>
              <Watermark at={low} isLower />
              <Watermark at={high} />
            </>
          )}
        </svg>
      </div>
      {!brief && (
        <>
          <Legend isHidden items={legend} />
          {rule !== undefined && <p aria-hidden>{rule}</p>}
        </>
      )}
    </div>
  );
}

function sign(drawn: ReactNode): ReactNode {
  return (
    <svg width="16" height="12" aria-hidden="true">
      {drawn}
    </svg>
  );
}

function Watermark({ at, isLower = false }: { readonly at: number; readonly isLower?: boolean }) {
  const where = { x1: `${at}%`, x2: `${at}%`, y1: 0, y2: 20 };
  return (
    <>
      <line className={styles.edge} {...where} />
      <line className={styles.mark} {...where} strokeDasharray={isLower ? "3 2" : undefined} />
    </>
  );
}

/** Shares from which a place is nearly full, per cent, as the verdict of the API has it. */
const NEARLY_FULL = 95;
/** Below half full nothing is urgent, however fast it fills. */
const HALF_FULL = 50;

/** Return how urgent a share is, per cent, by the rule of the verdict: nearly full, or full within a day, needs somebody. */
export function toneOf(share: number, high: number, isSoonFull: boolean): Tone {
  if (share >= NEARLY_FULL || (isSoonFull && share >= HALF_FULL)) return "act";
  return share >= high ? "watch" : "ok";
}
