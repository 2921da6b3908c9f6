import { Link, type LinkProps } from "@tanstack/react-router";
import { useGet } from "~/api/get";
import { useMe } from "~/api/me";
import { useNewestError } from "~/api/newest-error";
import { may } from "~/api/permissions";
import type { components } from "~/api/schema.gen";
import { useWho } from "~/api/who";
import { brief, briefly } from "~/components/brief";
import { Contact } from "~/components/Contact";
import { inUnits } from "~/components/event-words";
import { Time } from "~/components/Time";
import type { Column } from "~/lists/columns";
import { DataTable } from "~/lists/DataTable";
import styles from "~/pages/errors/Outages.module.css";
import { WhoIsOnIt } from "~/pages/errors/WhoIsOnIt";

type Attention = components["schemas"]["Attention"];

/** Rules of the verdict about routes and places that failures took out of service. */
const OUTAGES: ReadonlySet<string> = new Set(["circuit_open", "location_suspect"]);
/** The rule, and the category of error, of a place in doubt. */
const DOUBT = "location_suspect";

/** The routes and places that failures took out of service, and what each holds up; nothing while there are none. */
export function Outages() {
  const me = useMe();
  const enabled = may(me, "get_status") && may(me, "list_errors");
  const status = useGet("/api/v1/status", {}, { enabled });
  const outages =
    (enabled ? status.data : undefined)?.attention.filter(({ rule }) => OUTAGES.has(rule)) ?? [];
  if (outages.length === 0) return null;
  return (
    <section className={styles.outages} aria-labelledby="outages">
      <h2 id="outages">Outages</h2>
      <DataTable label="Outages" rows={outages} columns={COLUMNS} rowId={keyOf} rowLink={linkOf} />
    </section>
  );
}

const COLUMNS: readonly Column<Attention>[] = [
  { id: "what", header: "What is out of service", card: "title", cell: ({ title }) => title },
  { id: "holds", header: "Why, and what it holds up", card: "why", cell: (outage) => <Holds of={outage} /> },
  { id: "since", header: "Since", card: "time", cell: ({ since }) => <Time at={since} as="age" /> },
  {
    id: "next",
    header: "Next try",
    card: "time",
    cell: ({ next_at }) => (next_at === null ? "none by itself" : <Time at={next_at} as="age" />),
  },
  { id: "turn", header: "Whose turn", card: "fold", cell: (outage) => <Turn of={outage} /> },
  { id: "taken", header: "Who is on it", card: "why", cell: (outage) => <OnIt of={outage} /> },
];

/** What an outage holds up, and the error behind it. */
function Holds({ of: outage }: { readonly of: Attention }) {
  const error = useErrorOf(outage);
  return (
    <>
      {inUnits(briefly(outage.why))}
      {error != null && outage.rule !== DOUBT && (
        <span className={styles.error}>
          Last error:{" "}
          <Link to="/errors/$id" params={{ id: error.id }}>
            {inUnits(brief(error.message))}
          </Link>
        </span>
      )}
    </>
  );
}

/** Return the newest open error of the route or place that is out of service; of one in doubt the doubt. */
function useErrorOf(outage: Attention): components["schemas"]["Error"] | null | undefined {
  const { where } = outage;
  const collection = isRoute(outage) ? "routes" : "data-locations";
  return useNewestError(
    where === null ? null : { collection, id: where },
    outage.rule === DOUBT ? DOUBT : null,
  );
}

function keyOf({ rule, where }: Attention): string {
  return `${rule} ${where}`;
}

/** A place has a page; of a route, what waits for it is shown. */
function linkOf(outage: Attention): LinkProps {
  const name = outage.where ?? "";
  return isRoute(outage)
    ? { to: "/work", search: { route: name } }
    : { to: "/places/locations/$name", params: { name } };
}

function isRoute({ subjects }: Attention): boolean {
  return subjects?.collection === "routes" || subjects?.filter?.route !== undefined;
}

function Turn({ of: { turn, where } }: { readonly of: Attention }) {
  const who = useWho();
  return (
    <>
      {who(turn, [where])}
      {turn === "site" && <Contact where={[where]} />}
    </>
  );
}

function OnIt({ of: outage }: { readonly of: Attention }) {
  const error = useErrorOf(outage);
  return error == null ? null : <WhoIsOnIt of={error} />;
}
