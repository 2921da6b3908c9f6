// Writes what is made from the API's contract and from the folder of routes:
// src/api/schema.gen.ts, src/api/operations.gen.ts, src/api/development.gen.ts (what only development has) and
// src/routeTree.gen.ts. None of them is committed.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Generator, getConfig } from "@tanstack/router-generator";
import openapiTypescript, { astToString } from "openapi-typescript";
import ts from "typescript";
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

/** Where a component of the contract is named. */
const COMPONENT = /^#\/components\/schemas\/([^/]+)/;

/** Return the names of the components that something of the contract is made of. */
function componentsOf(contract, part, found = new Set()) {
  for (const [name, value] of Object.entries(part ?? {})) {
    const component = name === "$ref" ? COMPONENT.exec(value)?.[1] : undefined;
    if (component !== undefined && !found.has(component)) {
      found.add(component);
      componentsOf(contract, contract.components.schemas[component], found);
    } else if (typeof value === "object") componentsOf(contract, value, found);
  }
  return found;
}

/**
 * Return what opens the enumerations of answers: a newer API may answer with a value that this version does not know,
 * and the compiler asks everywhere what is done then. What is asked of the API stays closed.
 */
function opened(contract) {
  const operations = Object.values(contract.paths).flatMap((methods) => Object.values(methods));
  const answered = componentsOf(
    contract,
    operations.map(({ responses }) => responses),
  );
  return (type, { path }) => {
    const component = COMPONENT.exec(path ?? "")?.[1];
    const isEnumeration = ts.isUnionTypeNode(type) && type.types.every(isText);
    if (!isEnumeration || component === undefined || !answered.has(component)) return undefined;
    const { factory, SyntaxKind } = ts;
    const unknown = factory.createIntersectionTypeNode([
      factory.createKeywordTypeNode(SyntaxKind.StringKeyword),
      factory.createTypeLiteralNode([]),
    ]);
    return factory.createUnionTypeNode([...type.types, factory.createParenthesizedType(unknown)]);
  };
}

/** Whether a type is a text as openapi-typescript writes it: an identifier in quotation marks. */
function isText(type) {
  return ts.isIdentifier(type) && type.text.startsWith('"');
}

async function writeTypes(name, contract) {
  const types = await openapiTypescript(contract, { postTransform: opened(contract) });
  await writeIfChanged(`${root}src/api/${name}.gen.ts`, head + astToString(types));
}

const contract = await description("openapi.json");
await writeTypes("schema", contract);
await writeTypes("development", await description("openapi-development.json"));
await writeIfChanged(`${root}src/api/operations.gen.ts`, head + operationsSource(contract));
await new Generator({ config: getConfig({ target: "react", autoCodeSplitting: true }, root), root }).run();
