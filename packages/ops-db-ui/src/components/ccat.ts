import { type Search, textsOf } from "~/lists/address";

/** Filters of executions that `ccat find` has, and its options for them. */
const FIND: Readonly<Record<string, string>> = {
  obs_unit: "--obs-unit",
  instrument: "--instrument",
  program: "--program",
  source: "--source",
  status: "--status",
  since: "--since",
  until: "--until",
};
/** The order of `ccat find`. */
const NEWEST_FIRST = "-started_at";

/** Return the words of the line of `ccat` for a request of the API; null where the command cannot do it. */
export function ccatWords(path: string, query: Search): readonly string[] | null {
  if (path === "/api/v1/executed-obs-units") return find(query);
  const [execution, ...others] = textsOf(query.execution_id);
  if (path === "/api/v1/raw-data-packages" && execution !== undefined && others.length === 0) {
    return Object.keys(query).length === 1 ? ["ccat", "packages", "--execution", execution] : null;
  }
  if (path === "/api/v1/status") return ["ccat", "status"];
  const why = /^\/api\/v1\/why\/([^/]+)$/.exec(path)?.[1];
  return why === undefined ? null : ["ccat", "why", decodeURIComponent(why)];
}

function find(query: Search): readonly string[] | null {
  const words = ["ccat", "find"];
  for (const [name, value] of Object.entries(query)) {
    const [text, ...others] = textsOf(value);
    if (text === undefined || (name === "sort" && text === NEWEST_FIRST)) continue;
    const option = FIND[name];
    if (option === undefined || others.length > 0) return null;
    // With the sign of equality a value may begin with a dash.
    words.push(`${option}=${text}`);
  }
  return words;
}
