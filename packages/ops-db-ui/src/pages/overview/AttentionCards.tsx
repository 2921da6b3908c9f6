import { Link } from "@tanstack/react-router";
import { CircleHelp, CircleX, Info, type LucideIcon, TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useMe } from "~/api/me";
import { type Names, whoOf } from "~/api/who";
import { known, worded } from "~/api/words";
import { Button } from "~/components/Button";
import { brief, briefly } from "~/components/brief";
import { Calls, Contact } from "~/components/Contact";
import { inUnits } from "~/components/event-words";
import { Time } from "~/components/Time";
import styles from "~/pages/overview/AttentionCards.module.css";
import { AttentionVerb } from "~/pages/overview/AttentionVerb";
import type { Attention } from "~/pages/overview/answers";
import { useCause } from "~/pages/overview/cause";
import { Remedy } from "~/pages/work/Remedy";

const SHOWN = 4;
const ICONS: Readonly<Record<Attention["severity"], LucideIcon>> = {
  act: CircleX,
  watch: TriangleAlert,
  info: Info,
};
const WORDS: Readonly<Record<Attention["severity"], string>> = {
  act: "Act:",
  watch: "Watch:",
  info: "Note:",
};
/** Rules whose titles say for how long. */
const TITLE_SAYS_SINCE: ReadonlySet<string> = new Set([
  "long_suspension",
  "execution_running_long",
  "telescope_silent",
  "no_worker_seen",
  "no_planner_seen",
]);

/** What needs somebody, most urgent first; nothing at all when nothing does. */
export function AttentionCards({
  cards,
  names,
  isWall = false,
}: {
  readonly cards: readonly Attention[];
  readonly names: Names;
  /** On a screen on the wall: there is nothing to press. */
  readonly isWall?: boolean;
}) {
  const [all, setAll] = useState(false);
  if (cards.length === 0) return null;
  const shown = all ? cards : cards.slice(0, SHOWN);
  return (
    <section aria-label="Needs attention" className={styles.cards} data-wall={isWall}>
      {shown.map((card) => (
        <Card
          key={`${card.rule} ${card.where ?? ""} ${card.title}`}
          card={card}
          names={names}
          isWall={isWall}
        />
      ))}
      {shown.length < cards.length &&
        (isWall ? (
          <p>{namesOf(cards.slice(SHOWN))}</p>
        ) : (
          <Button onClick={() => setAll(true)}>Show {restOf(cards.slice(SHOWN))}</Button>
        ))}
    </section>
  );
}

function restOf(cards: readonly Attention[]): string {
  const urgent = cards.filter(({ severity }) => severity === "act").length;
  const rest = cards.length - urgent;
  const parts = [...(urgent > 0 ? [`${urgent} to act on`] : []), ...(rest > 0 ? [`${rest} to watch`] : [])];
  return `${cards.length} more: ${parts.join(", ")}`;
}

/** The titles of cards for which there is no room, by how urgent they are. */
function namesOf(cards: readonly Attention[]): string {
  const named = (title: string, some: readonly Attention[]) =>
    some.length === 0 ? [] : [`${some.length} more ${title}: ${some.map((card) => card.title).join(" · ")}`];
  return [
    ...named(
      "to act on",
      cards.filter(({ severity }) => severity === "act"),
    ),
    ...named(
      "to watch",
      cards.filter(({ severity }) => severity !== "act"),
    ),
  ].join("; ");
}

function Card({
  card,
  names,
  isWall,
}: {
  readonly card: Attention;
  readonly names: Names;
  readonly isWall: boolean;
}) {
  const Icon = known(ICONS, card.severity) ?? CircleHelp;
  const cause = useCause(card);
  const me = useMe();
  // Whose turn it is goes by what brings it about.
  const people = card.cause?.id ?? card.where;
  const who = whoOf(card.turn, people === null ? [] : [people], names, me);
  return (
    <article className={styles.card} data-severity={card.severity}>
      <Icon aria-hidden size={20} className={styles.icon} />
      <div className={styles.text}>
        <h2 className={styles.title}>
          <span className="visually-hidden">
            {known(WORDS, card.severity) ?? `${worded(card.severity)}:`}{" "}
          </span>
          {card.title}
          {card.since !== null && !TITLE_SAYS_SINCE.has(card.rule) && (
            <span className={styles.since}>
              {" · "}
              <Time at={card.since} as="age" />
            </span>
          )}
        </h2>
        <p className={styles.why} title={card.why}>
          {inUnits(briefly(card.why))}
        </p>
        {cause === undefined && card.cause === null && (
          // The room of the line that comes, so that nothing below is moved by it.
          <p className={styles.why} aria-hidden="true">
            {"\u00a0"}
          </p>
        )}
        {cause != null && card.cause === null && (
          <p className={styles.why} title={cause.message}>
            Last error: <Link {...cause.link}>{brief(cause.message)}</Link>
          </p>
        )}
      </div>
      <dl className={styles.facts}>
        {!isWall && (
          <Fact name="What to do">
            <Remedy text={card.remedy} where={card.where} />
          </Fact>
        )}
        {isWall && card.turn === "site" ? (
          <Fact name="Call">
            <Calls where={[people]} otherwise={who} />
          </Fact>
        ) : (
          <Fact name="Whose turn">
            {who}
            {card.turn === "site" && <Contact where={[people]} />}
            {(card.turn === "site" || card.turn === "instrument") && "; call them"}
          </Fact>
        )}
        <Fact name="By itself">
          {/* When a place is full stands in the title; nothing happens by itself then. */}
          {card.next_at !== null && card.rule !== "location_filling" && (
            <>
              <Time at={card.next_at} as="age" />:{" "}
            </>
          )}
          {isWall ? card.next.replace(/(?<=\.)\s.*$/, "") : card.next}
        </Fact>
      </dl>
      {!isWall && (
        <div className={styles.verbs}>
          <AttentionVerb card={card} cause={cause} />
          <Link to="/help/$page" params={{ page: card.help }} aria-label={`Help: ${card.title}`}>
            Help
          </Link>
        </div>
      )}
    </article>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
