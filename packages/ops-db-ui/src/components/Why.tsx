import { useState } from "react";
import { type Turn, useWaitingReasons } from "~/api/waiting-reasons";
import { useWho } from "~/api/who";
import { worded } from "~/api/words";
import { Dialog } from "~/components/Dialog";
import { Time } from "~/components/Time";
import styles from "~/components/Why.module.css";
import { WhySteps } from "~/components/WhySteps";

/** Why something waits: the reason in words, its detail, since when, what happens next and whose turn it is. */
export function Why({
  reason,
  detail,
  since,
  nextAt = null,
  turn,
  where = [],
  subject,
}: {
  /** Code of the reason; null: it does not wait. */
  readonly reason: string | null;
  readonly detail: string | null;
  readonly since: string | null;
  /** When it goes on by itself, if that is known. */
  readonly nextAt?: string | null;
  /** Whose turn it is, where the answer says so; otherwise what is said of the reason. */
  readonly turn?: Turn;
  /** Locations and routes where it waits, or texts that name them, besides the detail. */
  readonly where?: readonly (string | null)[];
  /** Id of what waits; with it the whole answer can be opened. */
  readonly subject?: string;
}) {
  const entry = useWaitingReasons().get(reason ?? "");
  const who = useWho();
  if (reason === null) return null;
  const text = entry?.text ?? worded(reason);
  // Whose turn it is with what was given up depends on its error.
  const whose = turn ?? (reason === "given_up" ? undefined : entry?.turn);
  return (
    <div className={styles.why}>
      <p>
        {subject === undefined ? (
          <span className={styles.reason}>{text}</span>
        ) : (
          <WhyButton subject={subject} title={`Why: ${text}`} text={text} />
        )}
        {since !== null && (
          <span className={styles.muted}>
            {" · "}
            for <Time at={since} as="lasting" />
          </span>
        )}
      </p>
      {detail !== null && detail !== "" && <p className={styles.detail}>{detail}</p>}
      {(nextAt !== null || whose !== undefined) && (
        <p className={styles.detail}>
          {nextAt !== null && (
            <>
              next <Time at={nextAt} as="age" />
              {whose !== undefined && " · "}
            </>
          )}
          {whose !== undefined && turnWords(whose, who(whose, [...where, detail]))}
        </p>
      )}
    </div>
  );
}

function turnWords(turn: Turn, who: string): string {
  return turn === "automatic" ? who : `turn: ${who}`;
}

/** Opens the whole answer to why something waits; also where the row itself does not know the reason. */
export function WhyButton({
  subject,
  title,
  text = "Why?",
}: {
  readonly subject: string;
  readonly title: string;
  readonly text?: string;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className={styles.open}
        data-target="why"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
      >
        {text}
      </button>
      {isOpen && (
        <Dialog title={title} open onClose={() => setOpen(false)}>
          <WhySteps subject={subject} />
        </Dialog>
      )}
    </>
  );
}
