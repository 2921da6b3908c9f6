import type { components } from "~/api/schema.gen";
import { brief } from "~/components/brief";
import { inUnits } from "~/components/event-words";
import page from "~/components/Page.module.css";
import { grouped } from "~/components/quantity";
import { State } from "~/components/State";
import { SubjectLink } from "~/components/SubjectLink";
import { Time } from "~/components/Time";
import type { Column } from "~/lists/columns";
import { titleOf, useCategory } from "~/pages/errors/categories";
import { WhoIsOnIt } from "~/pages/errors/WhoIsOnIt";

type ErrorRow = components["schemas"]["Error"];

/** The columns of the list of errors. */
export const ERROR_COLUMNS: readonly Column<ErrorRow>[] = [
  {
    id: "severity",
    header: "Severity",
    card: "state",
    sort: "severity",
    cell: ({ severity, resolved_at }) => (
      <span className={page.row}>
        <State of={severity} />
        {resolved_at !== null && <State of="completed" word="ended" />}
      </span>
    ),
  },
  { id: "message", header: "What is wrong", card: "title", cell: ({ message }) => inUnits(brief(message)) },
  { id: "category", header: "Kind", wide: true, cell: ({ category }) => <CategoryName code={category} /> },
  {
    id: "where",
    header: "Where",
    // Of a transfer the location is its source, also where the other end failed.
    cell: ({ location, route, site }) => {
      if (route !== null) return `route ${route}`;
      if (location === null) return `site ${site}`;
      return (
        <SubjectLink type="data_location" id={location}>
          {location}
        </SubjectLink>
      );
    },
  },
  {
    id: "first",
    header: "Since",
    card: "time",
    sort: "first_seen_at",
    cell: ({ first_seen_at }) => <Time at={first_seen_at} as="age" />,
  },
  {
    id: "count",
    header: "Seen",
    align: "end",
    sort: "count",
    cell: ({ count, last_seen_at }) =>
      count === 1 ? (
        "once"
      ) : (
        <span>
          {grouped(count)} times, last <Time at={last_seen_at} as="age" />
        </span>
      ),
  },
  {
    id: "taken",
    header: "Who is on it",
    card: "why",
    cell: (row) => <WhoIsOnIt of={row} />,
  },
];

function CategoryName({ code }: { readonly code: string }) {
  return <span className={page.muted}>{titleOf(code, useCategory(code))}</span>;
}
