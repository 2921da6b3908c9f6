import { Link } from "@tanstack/react-router";
import { Empty } from "~/components/Empty";
import styles from "~/components/NotFound.module.css";
import { PageTitle } from "~/components/PageTitle";

/** What an address asked for that is not there. */
export interface Missed {
  /** What kind of thing: `package`, `transfer`. */
  readonly kind: string;
  /** Its id or name, as the address has it. */
  readonly id: string;
}

/** Lists that addresses begin with, by their first part, and what they are called. */
const LISTS = {
  work: { to: "/work", called: "Work" },
  observations: { to: "/observations", called: "Observations" },
  packages: { to: "/observations", called: "Observations" },
  errors: { to: "/errors", called: "Errors" },
  staging: { to: "/staging", called: "Staging" },
} as const;

/** The first part of the addresses of things that belong to a list. */
export type ListName = keyof typeof LISTS;

/** An address that leads nowhere: says what was asked for, and leads to the list of such things. */
export function NotFound({ missed, list }: { readonly missed?: Missed; readonly list?: ListName }) {
  return (
    <>
      <PageTitle>Not found</PageTitle>
      <Empty title="There is nothing at this address, or not yet.">
        {missed !== undefined && (
          <p>
            There is no {missed.kind} <code className={styles.id}>{shortened(missed.id)}</code>.
          </p>
        )}
        <p>
          What was just made may take some seconds to arrive.{" "}
          {list === undefined ? (
            <Link to="/">Go to the Overview</Link>
          ) : (
            <Link to={LISTS[list].to}>Go to {LISTS[list].called}</Link>
          )}
          , or press <kbd>Ctrl</kbd> <kbd>K</kbd> to find something by its id or name.
        </p>
      </Empty>
    </>
  );
}

const MOST_CHARACTERS = 200;

function shortened(id: string): string {
  return id.length <= MOST_CHARACTERS ? id : `${id.slice(0, MOST_CHARACTERS)}…`;
}
