// Budgets of the built interface: what the first page loads, and what each further page or part adds to it.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const built = fileURLToPath(new URL("../../build", import.meta.url));
const parts = JSON.parse(readFileSync(`${built}/ui-parts.json`, "utf8"));

const FIRST_LOAD = "170 kB";
const LAZY_PART = "90 kB";
const FIRST = ["index.html"];
/** Each file costs a way over a slow network: of all that the first page needs, so many may come. */
const MOST_FILES = 8;

/** Return a part and all that it cannot do without. */
function withImports(name, found = new Set()) {
  if (!found.has(name)) {
    found.add(name);
    for (const other of parts[name].imports ?? []) withImports(other, found);
  }
  return found;
}

const fileOf = (name) => `${built}/ui/${parts[name].file}`;
const first = new Set(FIRST.flatMap((name) => [...withImports(name)]));
if (first.size > MOST_FILES)
  throw new Error(`the first page needs ${first.size} files: ${[...first].join(", ")}`);
const isAlone = Object.keys(parts).filter((name) => /\/_shell(\.index)?\.tsx\?/.test(name));
if (isAlone.length > 0) throw new Error(`the first page waits for ${isAlone.join(", ")}`);
const lazy = Object.keys(parts).filter((name) => parts[name].isDynamicEntry && !first.has(name));

export default [
  { name: "first load of the Overview", path: [...first].map(fileOf), limit: FIRST_LOAD, gzip: true },
  ...lazy.map((name) => ({
    name: name.replace(/^src\/|\?.*$/g, ""),
    path: [...withImports(name)].filter((other) => !first.has(other)).map(fileOf),
    limit: LAZY_PART,
    gzip: true,
  })),
];
