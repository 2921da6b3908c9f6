import { Link } from "@tanstack/react-router";
import { known, worded } from "~/api/words";
import { BufferBar } from "~/components/BufferBar";
import { Legend } from "~/components/Legend";
import { Bytes, Count } from "~/components/Quantity";
import { State } from "~/components/State";
import type { Tone } from "~/components/states";
import { Time } from "~/components/Time";
import type { Attention, LocationStatus } from "~/pages/overview/answers";
import { Part } from "~/pages/overview/Part";
import styles from "~/pages/overview/Places.module.css";
import { span } from "~/time/format";

const KINDS: Readonly<Record<LocationStatus["location_type"], string>> = {
  source: "source",
  buffer: "buffer",
  long_term_archive: "archive",
  processing: "processing",
};

/** When copies are deleted at a place; of one that is emptied between its watermarks the bar tells it. */
const RULES: Readonly<Record<string, string>> = {
  when_archived: "kept until archived",
  when_unpinned: "kept until unpinned",
};

/** Return until when copies stay at a place, where its bar does not tell it by watermarks. */
function ruleOf({ deletes }: LocationStatus): string {
  return deletes === null ? "nothing is deleted" : (known(RULES, deletes) ?? worded(deletes));
}

function hasWatermarks({ deletes }: LocationStatus): boolean {
  return deletes === "under_pressure";
}

/** How a place looks of which a card says how urgent it is. */
const TONES: Readonly<Record<string, Tone>> = { act: "act", watch: "watch" };

/** How full each place is, with the watermarks between which it is emptied, and what is wrong with it. */
export function Places({
  locations,
  cards,
  at,
  countedAt,
}: {
  readonly locations: readonly LocationStatus[];
  /** What needs somebody: a place looks as urgent here as it does there. */
  readonly cards: readonly Attention[];
  /** Moment of the report. */
  readonly at: string;
  /** When packages were counted: a while before. */
  readonly countedAt: string;
}) {
  return (
    <Part title="Places" beside={locations.some(hasWatermarks) && <Legend items={LINES} />}>
      <ul className={styles.places}>
        {locations.map((location) => (
          <li key={location.id} className={styles.place}>
            <p className={styles.head}>
              <Link to="/places/locations/$name" params={{ name: location.id }} className={styles.name ?? ""}>
                {location.id}
              </Link>
              <span className={styles.kind}>
                {known(KINDS, location.location_type) ?? worded(location.location_type)}
              </span>
              <Marks location={location} cards={cards} />
            </p>
            {location.used_bytes === null ? (
              <Holdings location={location} countedAt={countedAt} />
            ) : (
              <Filled location={location} card={cardOf(cards, "location_filling", location.id)} at={at} />
            )}
          </li>
        ))}
      </ul>
    </Part>
  );
}

/** What the lines in the bars mean. */
const LINES = [
  { sign: <span className={styles.sign} data-sign="high" />, words: "deleting begins" },
  { sign: <span className={styles.sign} data-sign="low" />, words: "deleting ends" },
];

/** What is not as it should be with a place. */
function Marks({
  location,
  cards,
}: {
  readonly location: LocationStatus;
  readonly cards: readonly Attention[];
}) {
  return (
    <>
      {cardOf(cards, "location_suspect", location.id) !== undefined && <State of="act" word="in doubt" />}
      {cardOf(cards, "circuit_open", location.id) !== undefined && <State of="watch" word="paused" />}
      {location.suspended ? <State of="suspended" /> : !location.enabled && <State of="disabled" />}
    </>
  );
}

function Filled({
  location,
  card,
  at,
}: {
  readonly location: LocationStatus;
  readonly card: Attention | undefined;
  readonly at: string;
}) {
  const tone = known(TONES, card?.severity ?? "");
  const left = card?.next_at == null ? null : Date.parse(card.next_at) - Date.parse(at);
  return (
    <BufferBar
      label={location.id}
      used={location.used_bytes}
      total={location.total_bytes}
      low={location.watermark_low}
      high={location.watermark_high}
      hasWatermarks={hasWatermarks(location)}
      {...(hasWatermarks(location) ? {} : { rule: ruleOf(location) })}
      {...(tone === undefined ? {} : { tone })}
      forecast={left === null ? null : `no room in ${span(left)}`}
      brief
    />
  );
}

/** What is at a place whose space is not measured. */
function Holdings({
  location,
  countedAt,
}: {
  readonly location: LocationStatus;
  readonly countedAt: string;
}) {
  if (!location.enabled && location.packages === 0) return null;
  return (
    <p className={styles.kind}>
      <Count value={location.packages} one="package" />, <Bytes value={location.package_bytes} />, counted{" "}
      <Time at={countedAt} as="age" />
    </p>
  );
}

function cardOf(cards: readonly Attention[], rule: string, where: string): Attention | undefined {
  return cards.find((card) => card.rule === rule && card.where === where);
}
