import { useGet } from "~/api/get";
import { type Me, useMe } from "~/api/me";
import { may, type OperationId } from "~/api/permissions";
import type { components } from "~/api/schema.gen";
import { TURNS, type Turn } from "~/api/waiting-reasons";
import { known, worded } from "~/api/words";

type Site = components["schemas"]["Site"];

/** Who looks after what, by name: the sites of locations and routes, and the instrument of a source. */
export interface Names {
  /** The site of that id, or those of the locations and routes that a text names; none where none is known. */
  readonly sitesOf: (where: string) => readonly Pick<Site, "id" | "name" | "contact">[];
  /** Instrument whose files are at the location that a text names. */
  readonly instrumentOf: (where: string) => string | null;
}

const ALL = { params: { query: { limit: 1000 } } } as const;
const FIXED = { live: false } as const;

/** Return who looks after what. It is read once: it changes with the configuration only. */
export function useNames(): Names {
  const me = useMe();
  const options = { ...FIXED, enabled: may(me, "list_sites") };
  const sites = useGet("/api/v1/sites", ALL, options).data?.items ?? [];
  const routes = useGet("/api/v1/routes", ALL, options).data?.items ?? [];
  const locations = useGet("/api/v1/data-locations", ALL, options).data?.items ?? [];
  const siteOf = (id: string) => sites.find((site) => site.id === id) ?? { id, name: id, contact: null };
  return {
    sitesOf: (where) => {
      const site = sites.find(({ id }) => id === where);
      if (site !== undefined) return [site];
      return wordsOf(where).flatMap((word) => {
        const location = locations.find(({ id }) => id === word);
        if (location !== undefined) return [siteOf(location.site)];
        const route = routes.find(({ id }) => id === word);
        return route === undefined ? [] : [siteOf(route.origin_site), siteOf(route.destination_site)];
      });
    },
    instrumentOf: (where) => {
      const words = wordsOf(where);
      return (
        locations.find(({ id, instrument }) => instrument !== null && words.includes(id))?.instrument ?? null
      );
    },
  };
}

/** Return the words of a text as they may be ids, without the marks of its sentences. */
function wordsOf(text: string): readonly string[] {
  return text.split(/[\s,;:()]+/).map((word) => word.replace(/\.+$/, ""));
}

/** Return what says whose turn it is, by name, given texts that name the locations and routes. */
export function useWho(): (turn: Turn, where: readonly (string | null)[]) => string {
  const names = useNames();
  const me = useMe();
  return (turn, where) =>
    whoOf(
      turn,
      where.filter((text) => text !== null),
      names,
      me,
    );
}

const OF_OPERATORS: readonly OperationId[] = [
  "retry_open_work",
  "suspend_data_location",
  "acknowledge_error",
];

/** Return whose turn it is, by name where that is known: `you, or another operator`, `the staff at Cornell`. */
export function whoOf(turn: Turn, where: readonly string[], names: Names, me: Me): string {
  switch (turn) {
    case "operator":
      return OF_OPERATORS.some((operation) => may(me, operation))
        ? "you, or another operator"
        : "an operator";
    case "site": {
      const sites = [...new Set(where.flatMap(names.sitesOf).map(({ name }) => name))];
      return sites.length === 0 ? "the staff of the site" : `the staff at ${sites.join(" and ")}`;
    }
    case "instrument": {
      const instruments = [...new Set(where.map(names.instrumentOf).filter((name) => name !== null))];
      return instruments.length === 0 ? TURNS.instrument : `the team of ${instruments.join(" and ")}`;
    }
    default:
      return known(TURNS, turn) ?? worded(turn);
  }
}
