import createClient, { type Middleware } from "openapi-fetch";
import type { paths as developmentPaths } from "~/api/development.gen";
import { problemOf, unreachable } from "~/api/problem";
import type { paths } from "~/api/schema.gen";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

let csrfToken: string | null = null;
const endings = new Set<() => void>();

/** Remember what proves that a changing request comes from this interface; null after the session's end. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Call `listener` whenever an answer says that there is no session; return how to stop that. */
export function onSessionEnded(listener: () => void): () => void {
  endings.add(listener);
  return () => endings.delete(listener);
}

const session: Middleware = {
  onRequest({ request }) {
    if (!SAFE.has(request.method) && csrfToken !== null) request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return undefined;
    const body: unknown = await response.json().catch(() => null);
    const problem = problemOf(response, body);
    if (problem.isSessionEnded) for (const listener of endings) listener();
    throw problem;
  },
  onError() {
    return unreachable();
  },
};

/**
 * The calls of the API, typed by its contract and by what development adds to it; whatever is not a success is
 * thrown as a `Problem`.
 */
export const api = createClient<paths & developmentPaths>({ baseUrl: "/", credentials: "same-origin" });
api.use(session);
