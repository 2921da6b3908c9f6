import type { components } from "~/api/schema.gen";
import { Count } from "~/components/Quantity";
import { State } from "~/components/State";
import { SubjectLink } from "~/components/SubjectLink";
import { Time } from "~/components/Time";
import type { Column } from "~/lists/columns";
import { Acknowledge } from "~/pages/errors/Acknowledge";

type ErrorRow = components["schemas"]["Error"];

/** The columns of the list of errors. */
export const ERROR_COLUMNS: readonly Column<ErrorRow>[] = [
  {
    id: "severity",
    header: "Severity",
    card: "state",
    sort: "severity",
    cell: ({ severity }) => <State of={severity} />,
  },
  { id: "message", header: "What is wrong", card: "title", cell: ({ message }) => message },
  { id: "category", header: "Category", wide: true, cell: ({ category }) => category.replaceAll("_", " ") },
  {
    id: "where",
    header: "Where",
    cell: ({ location, site }) =>
      location === null ? (
        site
      ) : (
        <SubjectLink type="data_location" id={location}>
          {location}
        </SubjectLink>
      ),
  },
  {
    id: "count",
    header: "Times",
    align: "end",
    sort: "count",
    cell: ({ count }) => <Count value={count} one="time" />,
  },
  {
    id: "first",
    header: "First",
    wide: true,
    sort: "first_seen_at",
    cell: ({ first_seen_at }) => <Time at={first_seen_at} />,
  },
  {
    id: "last",
    header: "Last",
    card: "time",
    sort: "last_seen_at",
    cell: ({ last_seen_at }) => <Time at={last_seen_at} as="age" />,
  },
  {
    id: "taken",
    header: "Acknowledged",
    card: "why",
    cell: (row) => <Acknowledge of={row} />,
  },
];
