import type { LinkProps } from "@tanstack/react-router";
import type { Attention } from "~/pages/overview/answers";

/** Where what a card concerns is shown, and what that is called. */
export interface Way {
  readonly label: string;
  readonly link: LinkProps;
}

/** Return the page that shows what a card concerns; null where there is none. */
export function wayTo(card: Attention): Way | null {
  const { subjects } = card;
  if (subjects === null) return null;
  const search = { ...subjects.filter } as never;
  const { id } = subjects;
  switch (subjects.collection) {
    case "open-work":
      return { label: "See what waits", link: { to: "/work", search } };
    case "routes":
      return id === null
        ? null
        : { label: "See what waits", link: { to: "/work", search: { route: id } as never } };
    case "data-locations":
      return id === null
        ? null
        : { label: `Open ${id}`, link: { to: "/places/locations/$name", params: { name: id } } };
    case "physical-copies": {
      const place = subjects.filter?.location;
      if (place === undefined) return null;
      return { label: `Open ${place}`, link: { to: "/places/locations/$name", params: { name: place } } };
    }
    case "errors":
      return id === null
        ? { label: "See the errors", link: { to: "/errors", search } }
        : { label: "See the error", link: { to: "/errors/$id", params: { id } } };
    case "executed-obs-units":
      return id === null
        ? { label: "See the observations", link: { to: "/observations", search } }
        : { label: "See the observation", link: { to: "/observations/$id", params: { id } } };
    case "raw-data-packages":
      return id === null
        ? { label: "See what waits", link: { to: "/work" } }
        : { label: "See the package", link: { to: "/packages/$id", params: { id } } };
    default:
      return null;
  }
}
