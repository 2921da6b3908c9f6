import type { GetPath } from "~/api/get";
import { quoted } from "~/components/shell-words";
import { type Search, textsOf } from "~/lists/address";

/** A request of the API: what a page shows, or what an action does. */
export interface Request {
  readonly method: string;
  /** Path with its ids filled in, below the origin. */
  readonly path: string;
  readonly query: Search;
  /** JSON; null where there is none. */
  readonly body: unknown;
}

/** Return the line for curl. The token comes from the environment, never from here. */
export function asCurl(request: Request, origin: string): string {
  const words = ["curl", "--fail-with-body", "--silent", "--show-error"];
  if (request.method !== "GET") words.push("--request", quoted(request.method));
  words.push("--header", '"Authorization: Bearer $CCAT_API_TOKEN"');
  if (request.body !== null) {
    words.push("--header", quoted("Content-Type: application/json"));
    words.push("--data-raw", quoted(JSON.stringify(request.body)));
  }
  words.push(quoted(addressOf(request, origin)));
  return words.join(" ");
}

/** Return a program for Python with the package `ccat-ops-db-client`. */
export function asPython(request: Request): string {
  const lines = ["import json", "from ccat_ops_db_client import Client"];
  lines.push("from ccat_ops_db_client.calls import Call", "");
  const words = [python(request.method), python(request.path), "json.loads"];
  const query = Object.entries(request.query).map(
    ([name, value]) => `${python(name)}: [${textsOf(value).map(python).join(", ")}]`,
  );
  if (query.length > 0) words.push(`query={${query.join(", ")}}`);
  if (request.body !== null) words.push(`body=${python(JSON.stringify(request.body))}.encode()`);
  lines.push("with Client() as client:", `    answer = client.send(Call(${words.join(", ")}))`);
  lines.push("print(json.dumps(answer, indent=2))");
  return lines.join("\n");
}

/** Return the address of the call. */
export function addressOf({ path, query }: Pick<Request, "path" | "query">, origin: string): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    textsOf(value).map((text) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`),
  );
  return `${origin}${path}${parts.length === 0 ? "" : `?${parts.join("&")}`}`;
}

/** Fill the ids into a path of the contract. */
export function pathWith(path: GetPath | string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}

/** Python reads every string of JSON. */
function python(text: string): string {
  return JSON.stringify(text);
}
