import type { Answer, GetPath } from "~/api/get";

type Given = () => Response | Promise<Response>;

/** A request that a component made. */
export interface Asked {
  readonly method: string;
  /** Address with its query, without the origin. */
  readonly address: string;
  readonly headers: Headers;
  readonly body: unknown;
}

const PREFIX = "/api/";
const given = new Map<string, Given>();
const bodies = new Map<GetPath, unknown>();
const asked: Asked[] = [];

/** Let the API answer a GET in this test. A path with `{…}` in it is given as it is asked: with the value. */
export function answer<P extends GetPath>(path: P, body: Answer<P>): void {
  bodies.set(path, body);
  given.set(`GET ${path}`, () => Response.json(body));
}

/** The answers that were given with `answer` in this test, by their paths. */
export function answers(): ReadonlyMap<GetPath, unknown> {
  return bodies;
}

/** Let the API answer any call in this test: `POST /api/v1/auth/logout`. */
export function answerCall(call: string, status: number, body: unknown): void {
  given.set(call, () =>
    body === null && status === 204 ? new Response(null, { status }) : Response.json(body, { status }),
  );
}

/** Let anything answer a call in this test, whoever that is: `GET /api/v1/errors`. */
export function answerWith(call: string, response: Given): void {
  given.set(call, response);
}

/** What was asked of the API in this test, in order. */
export function requests(): readonly Asked[] {
  return asked;
}

/** Put the table of answers in place of the network, for addresses of the API only. */
export function installAnswers(): void {
  const network = globalThis.fetch.bind(globalThis);
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    if (!url.pathname.startsWith(PREFIX)) return network(input, init);
    const text = await request.text();
    asked.push({
      method: request.method,
      address: url.pathname + url.search,
      headers: request.headers,
      body: text === "" ? null : JSON.parse(text),
    });
    const found =
      given.get(`${request.method} ${url.pathname}${url.search}`) ??
      given.get(`${request.method} ${url.pathname}`);
    return found === undefined ? Response.json(missing(url.pathname), { status: 404 }) : found();
  };
}

/** Forget all answers and requests. */
export function forgetAnswers(): void {
  given.clear();
  bodies.clear();
  asked.length = 0;
}

function missing(path: string) {
  return {
    type: "https://ccat.example/problems/not-found",
    title: "Not found",
    status: 404,
    detail: `No answer was given for ${path} in this test.`,
    request_id: "req-none",
    errors: [],
  };
}
