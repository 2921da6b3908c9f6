import type { QueryClient } from "@tanstack/react-query";
import { type AnyRoute, createRouter } from "@tanstack/react-router";
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

/**
 * Begin to load the parts of the page that is addressed. The router does that only once it knows who is signed in,
 * which on a slow network costs the first page one more way to the server and back.
 */
export function loadAhead(router: ReturnType<typeof makeRouter>): void {
  const matches: readonly { readonly routeId: string }[] = router.matchRoutes(router.latestLocation);
  const routes = new Map<string, AnyRoute>(Object.entries(router.routesById));
  for (const { routeId } of matches) {
    const route = routes.get(routeId);
    // What could not be loaded is asked for again by the router, and said then.
    if (route !== undefined) router.loadRouteChunk(route)?.catch(() => undefined);
  }
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
