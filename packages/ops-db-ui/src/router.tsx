import type { QueryClient } from "@tanstack/react-query";
import { createRouter } from "@tanstack/react-router";
import { NotFound } from "~/components/NotFound";
import { PageProblem } from "~/components/PageProblem";
import { parseSearch, stringifySearch } from "~/lists/address";
import { routeTree } from "~/routeTree.gen";

/** Return the router of the interface. Values in addresses are plain text, so that addresses can be read. */
export function makeRouter(cache: QueryClient) {
  return createRouter({
    routeTree,
    context: { cache },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultNotFoundComponent: () => <NotFound />,
    defaultErrorComponent: PageProblem,
    // Names that no route knows go from the address.
    search: { strict: true },
    parseSearch,
    stringifySearch,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
