import { CSPProvider } from "@base-ui/react/csp-provider";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import axe from "axe-core";
import type { ReactNode } from "react";
import { expect } from "vitest";
import { cdp, page } from "vitest/browser";
import { render } from "vitest-browser-react";
import type { Me } from "~/api/me";
import { HintPopup } from "~/components/HintPopup";
import { PageProblem } from "~/components/PageProblem";
import { parseSearch, stringifySearch } from "~/lists/address";
import { setPreferences } from "~/preferences/preferences";

const WIDTHS: Readonly<Record<"narrow" | "normal" | "wide", readonly [number, number]>> = {
  narrow: [360, 740],
  normal: [1280, 720],
  wide: [2560, 1300],
};

/** Somebody with all permissions that a test names. */
export function person(permissions: readonly string[] = []): Me {
  return {
    user: { id: "00000000-0000-4000-8000-000000000001", name: "ada", full_name: "Ada Lovelace" },
    credential: {
      kind: "session",
      id: "00000000-0000-4000-8000-000000000002",
      name: "ada",
      way: "development",
      expires_at: null,
    },
    permissions: [...permissions],
    roles: [],
    csrf_token: "csrf",
    site: { id: "fyst", name: "FYST" },
  };
}

/** Show something as it stands in a page: with the router, the store of answers and the policy for contents. */
export async function show(
  ui: ReactNode,
  options: {
    readonly at?: string;
    readonly me?: Me;
    readonly width?: keyof typeof WIDTHS;
    /** How long ago the newest answer came, milliseconds. */
    readonly answered?: number;
  } = {},
) {
  const [width, height] = WIDTHS[options.width ?? "normal"];
  await page.viewport(width, height);
  setPreferences({ theme: "light", density: "normal", time: "utc", keys: true, home: "/" });
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false, refetchInterval: false } } });
  cache.setQueryData(["/api/v1/me"], options.me ?? person(), {
    updatedAt: Date.now() - (options.answered ?? 0),
  });
  const root = createRootRoute();
  const anywhere = createRoute({ getParentRoute: () => root, path: "$", component: () => <>{ui}</> });
  const history = createMemoryHistory({ initialEntries: [options.at ?? "/"] });
  const router = createRouter({
    routeTree: root.addChildren([anywhere]),
    history,
    defaultErrorComponent: PageProblem,
    parseSearch,
    stringifySearch,
  });
  const result = await render(
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={cache}>
        <RouterProvider router={router as never} />
        <HintPopup />
      </QueryClientProvider>
    </CSPProvider>,
  );
  await router.load();
  return { ...result, cache, router };
}

/** Expect nothing that axe objects to, in light and in dark colours. */
export async function expectAccessible(element: Element = document.body): Promise<void> {
  for (const theme of ["light", "dark"] as const) {
    setPreferences({ theme });
    await transitionsEnded();
    const { violations } = await axe.run(element, {
      // Parts of pages have no landmarks of their own; whole pages are checked in the browser against the stack.
      rules: { region: { enabled: false }, "page-has-heading-one": { enabled: false } },
    });
    const words = violations.map(
      ({ id, nodes }) =>
        `${theme}: ${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join("\n")}`,
    );
    expect(words).toEqual([]);
  }
  setPreferences({ theme: "light" });
}

/** Wait until no colour is between two themes. */
async function transitionsEnded(): Promise<void> {
  const transitions = document.getAnimations().filter((one) => one instanceof CSSTransition);
  await Promise.allSettled(transitions.map(({ finished }) => finished));
}

/** Expect that nothing needs scrolling to the side. */
export function expectNoSidewaysScroll(): void {
  const { scrollWidth, clientWidth } = document.documentElement;
  expect(scrollWidth).toBeLessThanOrEqual(clientWidth);
}

/** Set a preference of the system, as the browser reports it: `forced-colors`, `prefers-reduced-motion`. */
export async function setMedia(name: string, value: string): Promise<void> {
  const session = cdp() as unknown as { send(method: string, params: unknown): Promise<unknown> };
  await session.send("Emulation.setEmulatedMedia", { features: [{ name, value }] });
}

/** Texts that must stand on the screen as they are, whatever they look like. */
export const HOSTILE = {
  markup: `<img src=x onerror="window.hit=1"><script>window.hit=1</script>`,
  rightToLeft: "\u202eevil\u202c עברית العربية",
  emoji: "🔭👩‍🚀🏴‍☠️ é",
  long: "x".repeat(500),
} as const;
