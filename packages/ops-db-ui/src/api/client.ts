import createClient, { type Middleware } from "openapi-fetch";
import type { paths as developmentPaths } from "~/api/development.gen";
import { isObject, noSuchThing, problemOf, unreachable } from "~/api/problem";
import type { paths } from "~/api/schema.gen";

const NO_CONTENT = 204;
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

let csrfToken: string | null = null;
/** What became of the session that a page began with. */
export type SessionLoss = "ended" | "changed";

const losses = new Set<(loss: SessionLoss) => void>();

/** Remember what proves that a changing request comes from this interface; null after the session's end. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Call `listener` whenever an answer says that there is no session, or another one; return how to stop that. */
export function onSessionLost(listener: (loss: SessionLoss) => void): () => void {
  losses.add(listener);
  return () => losses.delete(listener);
}

const session: Middleware = {
  onRequest({ request, params }) {
    // As a part of an address they are read as a way up, also escaped: another call than the one that is meant.
    if (Object.values(params.path ?? {}).some((value) => value === "." || value === ".."))
      throw noSuchThing();
    if (!SAFE.has(request.method) && csrfToken !== null) request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
  async onResponse({ response }) {
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => null);
    if (response.ok && (response.status === NO_CONTENT || isObject(body))) return undefined;
    const problem = problemOf(response, body);
    if (problem.isSessionEnded) for (const listener of losses) listener("ended");
    if (problem.isSessionChanged) for (const listener of losses) listener("changed");
    throw problem;
  },
  onError() {
    return unreachable();
  },
};

/** Answers that are on their way before the program asks; each is taken once. */
let onTheirWay = new Map<string, Promise<Response>>();

/** Take these answers where the same is asked for. */
export function takeAnswers(answers: Map<string, Promise<Response>>): void {
  onTheirWay = answers;
}

function askOrTake(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const answer = request.method === "GET" ? onTheirWay.get(pathname + search) : undefined;
  if (answer === undefined) return fetch(request);
  onTheirWay.delete(pathname + search);
  return answer;
}

/**
 * The calls of the API, typed by its contract and by what development adds to it; whatever is not a success is
 * thrown as a `Problem`.
 */
export const api = createClient<paths & developmentPaths>({
  baseUrl: "/",
  credentials: "same-origin",
  fetch: askOrTake,
});
api.use(session);

/** Return the body of an answer of a call that has one; its type is that of the contract. */
export function bodyOf<T>({ data }: { readonly data?: unknown }): T {
  if (data === undefined) throw new Error("an answer without a body");
  return data as T;
}
