// Writes what is made from the API's contract and from the folder of routes:
// src/api/schema.gen.ts, src/api/operations.gen.ts, src/api/development.gen.ts (what only development has) and
// src/routeTree.gen.ts. None of them is committed.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Generator, getConfig } from "@tanstack/router-generator";
import openapiTypescript, { astToString } from "openapi-typescript";
import { operationsSource } from "./operations.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const descriptions = new URL("../../ops-db-api/", import.meta.url);
const head = "// Made by scripts/generate.mjs; changes here are lost.\n";

async function writeIfChanged(file, text) {
  const before = await readFile(file, "utf8").catch(() => null);
  if (before !== text) await writeFile(file, text);
}

/** Close the objects that the contract describes: a field that it does not name is a mistake of ours. */
function closed(schema) {
  if (typeof schema !== "object" || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const entries = Object.entries(schema).map(([name, value]) => [name, closed(value)]);
  const copy = Object.fromEntries(entries);
  if (copy.properties !== undefined && copy.additionalProperties === true) copy.additionalProperties = false;
  return copy;
}

async function description(name) {
  return closed(JSON.parse(await readFile(new URL(name, descriptions), "utf8")));
}

async function writeTypes(name, contract) {
  await writeIfChanged(
    `${root}src/api/${name}.gen.ts`,
    head + astToString(await openapiTypescript(contract)),
  );
}

const contract = await description("openapi.json");
await writeTypes("schema", contract);
await writeTypes("development", await description("openapi-development.json"));
await writeIfChanged(`${root}src/api/operations.gen.ts`, head + operationsSource(contract));
await new Generator({ config: getConfig({ target: "react", autoCodeSplitting: true }, root), root }).run();
