import type { components } from "~/api/schema.gen";

type Document = components["schemas"]["ProblemDocument"];

/** Whether and when asking again may help. */
export interface Retry {
  readonly may: "never" | "same-request" | "after-change" | "after-sign-in";
  readonly afterSeconds: number | null;
}

/** An answer that is not a success, or none at all. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    /** HTTP status; 0 when the API did not answer. */
    readonly status: number,
    /** Last part of the problem's type, or `unreachable`, `not-ours`. */
    readonly slug: string,
    readonly title: string,
    readonly detail: string,
    readonly remedy: string | null = null,
    readonly help: string | null = null,
    readonly requestId: string | null = null,
    readonly retry: Retry = { may: "never", afterSeconds: null },
    readonly fields: readonly { readonly field: string | null; readonly reason: string }[] = [],
    /** Permission that is missing, and the roles that give it. */
    readonly permission: string | null = null,
    readonly roles: readonly string[] = [],
  ) {
    super(detail);
  }

  get isSessionEnded(): boolean {
    return this.status === 401;
  }

  /** The session is another one than that of this page: somebody signed in anew in another tab. */
  get isSessionChanged(): boolean {
    return this.slug === "csrf";
  }
}

/** Return the problem for a request that got no answer. */
export function unreachable(): Problem {
  return new Problem(
    0,
    "unreachable",
    "The data centre does not answer",
    "No answer came from the API; the network or the service is away.",
    "What you see is as old as it says. It is asked again by itself.",
    null,
    null,
    { may: "same-request", afterSeconds: 15 },
  );
}

/** What the API answers where there is no such thing, and where nothing can be called so. */
const NO_SUCH_THING: readonly number[] = [404, 422];

/** Whether the API answered a query for one thing that there is none, and never showed it. */
export function isMissing({ data, error }: { readonly data: unknown; readonly error: unknown }): boolean {
  return data === undefined && error instanceof Problem && NO_SUCH_THING.includes(error.status);
}

/** Return the problem for something that cannot be there, which is not asked for. */
export function noSuchThing(): Problem {
  return new Problem(404, "not-found", "Not found", "Nothing has such a name.");
}

/** Return the problem that an answer describes, whoever gave it. */
export function problemOf(response: Response, body: unknown): Problem {
  if (!isDocument(body)) {
    return new Problem(
      response.status,
      "not-ours",
      "Something else answered",
      `An answer with status ${response.status} came from between this page and the API, perhaps a proxy.`,
      "Load the page again: perhaps a proxy wants you to sign in. Otherwise tell whoever runs the site, with the time and the status.",
      null,
      response.headers.get("x-request-id"),
      {
        may: response.ok || response.status >= 500 ? "same-request" : "never",
        afterSeconds: retryAfter(response),
      },
    );
  }
  return new Problem(
    response.status,
    body.type.split("/").at(-1) ?? "unknown",
    body.title,
    body.detail,
    textOrNull(body, "remedy"),
    textOrNull(body, "help"),
    textOrNull(body, "request_id"),
    retryOf(response, body),
    (body.errors ?? []).map(({ field, reason }) => ({ field: field ?? null, reason })),
    textOrNull(body, "permission"),
    body.roles ?? [],
  );
}

/** Whether a body is what each answer of the API is: an object. */
export function isObject(body: unknown): body is object {
  return typeof body === "object" && body !== null && !Array.isArray(body);
}

function isDocument(body: unknown): body is Document {
  if (!isObject(body)) return false;
  const isGiven = (name: string) => Reflect.get(body, name) != null;
  const areTexts = ["type", "title", "detail"].every((name) => textOrNull(body, name) !== null);
  const areLists = ["errors", "roles"].every(
    (name) => !isGiven(name) || Array.isArray(Reflect.get(body, name)),
  );
  return areTexts && areLists && "request_id" in body;
}

function textOrNull(body: object, name: string): string | null {
  const value: unknown = Reflect.get(body, name);
  return typeof value === "string" ? value : null;
}

function retryOf(response: Response, body: object): Retry {
  const given: unknown = Reflect.get(body, "retry");
  if (typeof given === "object" && given !== null && "may" in given) {
    const seconds: unknown = Reflect.get(given, "after_seconds");
    return { may: given.may as Retry["may"], afterSeconds: typeof seconds === "number" ? seconds : null };
  }
  if (response.status === 401) return { may: "after-sign-in", afterSeconds: null };
  if (response.status === 429 || response.status >= 500) {
    return { may: "same-request", afterSeconds: retryAfter(response) };
  }
  return { may: "never", afterSeconds: null };
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("retry-after"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}
