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
  // Signs of addresses that curl would take for a pattern.
  words.push("--globoff");
  if (request.method !== "GET") words.push("--request", quoted(request.method));
  words.push("--header", '"Authorization: Bearer $CCAT_API_TOKEN"');
  if (request.body !== null) {
    words.push("--header", quoted("Content-Type: application/json"));
    words.push("--data-raw", quoted(JSON.stringify(request.body)));
  }
  words.push(quoted(addressOf(request, origin)));
  return words.join(" ");
}

/** Return the address of a call. */
export function addressOf({ path, query }: Pick<Request, "path" | "query">, origin: string): string {
  const parts = pairs(query).map(([name, text]) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`);
  return `${origin}${path}${parts.length === 0 ? "" : `?${parts.join("&")}`}`;
}

/** Fill ids into a path of the contract. */
export function pathWith(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
}

/** Lists that the Python client reads to their end. */
const ITERATORS: Readonly<Record<string, string>> = {
  "/api/v1/executed-obs-units": "executions",
  "/api/v1/raw-data-packages": "packages",
  "/api/v1/raw-data-files": "filed_files",
  "/api/v1/data-locations": "locations",
  "/api/v1/instruments": "instruments",
};

/** Return a program for the package `ccat-ops-db-client`; address and token come from its environment. */
export function asPython(request: Request): string {
  const iterator = request.method === "GET" ? ITERATORS[request.path] : undefined;
  return [...(iterator === undefined ? oneCall(request) : allItems(iterator, request.query)), ""].join("\n");
}

function allItems(iterator: string, query: Search): readonly string[] {
  const filters = Object.entries(query).map(([name, value]) => `${python(name)}: ${python(textsOf(value))}`);
  const given = filters.length === 0 ? "" : `**{${filters.join(", ")}}`;
  return [
    "from ccat_ops_db_client import Client",
    "",
    "with Client() as client:",
    `    for item in client.${iterator}(${given}):`,
    "        print(item.model_dump_json())",
  ];
}

function oneCall({ method, path, query, body }: Request): readonly string[] {
  const words = [python(method), python(path), "json.loads"];
  const names = Object.entries(query).filter(([, value]) => textsOf(value).length > 0);
  const given = names.map(([name, value]) => `${python(name)}: ${python(textsOf(value))}`);
  if (given.length > 0) words.push(`query={${given.join(", ")}}`);
  if (body !== null) words.push(`body=${python(JSON.stringify(body))}.encode()`);
  return [
    "import json",
    "",
    "from ccat_ops_db_client import Client",
    "from ccat_ops_db_client.calls import Call",
    "",
    "with Client() as client:",
    `    answer = client.send(Call(${words.join(", ")}))`,
    "print(json.dumps(answer, indent=2))",
  ];
}

function pairs(query: Search): readonly (readonly [string, string])[] {
  return Object.entries(query).flatMap(([name, value]) =>
    textsOf(value).map((text) => [name, text] as const),
  );
}

/** JSON of text and of lists of text is Python, apart from halves of characters. */
function python(value: string | readonly string[]): string {
  return JSON.stringify(value);
}
