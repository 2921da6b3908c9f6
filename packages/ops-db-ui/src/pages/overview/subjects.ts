import type { LinkProps } from "@tanstack/react-router";
import { grouped } from "~/components/quantity";
import type { Attention } from "~/pages/overview/answers";
import type { Cause } from "~/pages/overview/cause";

/** A page that a card leads to, and what the way there is called. */
export interface Way {
  readonly label: string;
  readonly link: LinkProps;
}

/** Return the pages that a card leads to, the one to begin with first. */
export function waysOf(card: Attention, cause: Cause | null | undefined): readonly Way[] {
  const { rule, where, action } = card;
  const subject = wayTo(card);
  const others = subject === null ? [] : [subject];
  // While the error is asked for stands the way to all errors: what comes must not move the card.
  if (rule === "circuit_open" && cause !== null)
    return [{ label: "See what failed", link: cause?.link ?? { to: "/errors" } }, ...others];
  if (rule === "given_up" && cause != null && card.count === 1)
    return [{ label: "See what failed", link: cause.link }];
  if (rule === "location_filling" && where !== null) {
    const waits = { label: "See what waits there", link: toWork({ place: where }) };
    const first = cause == null ? wayToCause(card) : { label: "See the cause", link: cause.link };
    return first === null ? [...others, waits] : [first, ...others];
  }
  if (action?.collection === "errors" && action.id !== null)
    return [{ label: "See the error", link: { to: "/errors/$id", params: { id: action.id } } }];
  return others;
}

/** Return the page that shows what brings about what a card is about; null where that is not known. */
function wayToCause({ cause }: Attention): Way | null {
  if (cause === null || cause.id === null) return null;
  if (cause.collection !== "routes") return placeWay(cause.id);
  return { label: "See the cause", link: toWork({ route: cause.id }) };
}

/** Return the page that shows what a card concerns; null where there is none. */
function wayTo({ subjects, count }: Attention): Way | null {
  if (subjects === null) return null;
  const { id, filter } = subjects;
  switch (subjects.collection) {
    case "open-work":
      return {
        label: filter?.reason === "given_up" ? `See the ${grouped(count)} that failed` : "See what waits",
        link: toWork(filter?.reason === undefined ? { ...filter } : { ...filter, open: filter.reason }),
      };
    case "routes":
      return id === null ? null : { label: "See what waits", link: toWork({ route: id }) };
    case "data-locations":
      return id === null ? null : placeWay(id);
    case "physical-copies":
      return filter?.location === undefined ? null : placeWay(filter.location);
    case "errors":
      return id === null
        ? { label: "See the errors", link: { to: "/errors", search: { ...filter } as never } }
        : { label: "See the error", link: { to: "/errors/$id", params: { id } } };
    case "executed-obs-units":
      return id === null
        ? { label: "See the observations", link: { to: "/observations", search: { ...filter } as never } }
        : { label: "See the observation", link: { to: "/observations/$id", params: { id } } };
    case "raw-data-packages":
      return id === null
        ? { label: "See what waits", link: { to: "/work" } }
        : { label: "See the package", link: { to: "/packages/$id", params: { id } } };
    default:
      return null;
  }
}

function placeWay(name: string): Way {
  return { label: `Open ${name}`, link: { to: "/places/locations/$name", params: { name } } };
}

function toWork(search: Readonly<Record<string, string>>): LinkProps {
  return { to: "/work", search: search as never };
}
