import { Link } from "@tanstack/react-router";
import { CircleX, Info, type LucideIcon, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { TURNS } from "~/api/waiting-reasons";
import { Button } from "~/components/Button";
import { Time } from "~/components/Time";
import styles from "~/pages/overview/AttentionCards.module.css";
import { AttentionVerb } from "~/pages/overview/AttentionVerb";
import type { Attention } from "~/pages/overview/answers";

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

/** What needs somebody, most urgent first; nothing at all when nothing does. */
export function AttentionCards({ cards }: { readonly cards: readonly Attention[] }) {
  const [all, setAll] = useState(false);
  if (cards.length === 0) return null;
  const shown = all ? cards : cards.slice(0, SHOWN);
  return (
    <section aria-label="Needs attention" className={styles.cards}>
      {shown.map((card) => (
        <Card key={`${card.rule} ${card.where ?? ""} ${card.title}`} card={card} />
      ))}
      {shown.length < cards.length && (
        <Button onClick={() => setAll(true)}>Show {cards.length - shown.length} more</Button>
      )}
    </section>
  );
}

function Card({ card }: { readonly card: Attention }) {
  const Icon = ICONS[card.severity];
  return (
    <article className={styles.card} data-severity={card.severity}>
      <Icon aria-hidden size={20} className={styles.icon} />
      <div className={styles.text}>
        <h2 className={styles.title}>
          <span className="visually-hidden">{WORDS[card.severity]} </span>
          {card.title}
        </h2>
        <p className={styles.why} title={card.why}>
          {card.why}
        </p>
      </div>
      <div className={styles.verbs}>
        <AttentionVerb card={card} />
        <Link to="/help/$page" params={{ page: card.help }} aria-label={`Help: ${card.title}`}>
          Help
        </Link>
      </div>
      <dl className={styles.facts}>
        <div>
          <dt>What to do</dt>
          <dd>{card.remedy}</dd>
        </div>
        <div>
          <dt>Next</dt>
          <dd>
            {card.next_at !== null && (
              <>
                <Time at={card.next_at} as="age" />:{" "}
              </>
            )}
            {card.next}
          </dd>
        </div>
        <div>
          <dt>Turn</dt>
          <dd>
            {TURNS[card.turn]}
            {card.since !== null && (
              <span className={styles.since}>
                , since <Time at={card.since} as="age" />
              </span>
            )}
          </dd>
        </div>
      </dl>
    </article>
  );
}
