// Makes operations.gen.ts: of each operation its address, permission and, for lists, filters and sorts.

const PREFIX = "/api/v1";
const NOT_FILTERS = new Set(["sort", "limit", "cursor", "fields", "count", "skip", "facet", "format"]);

/** Return the source of operations.gen.ts for a contract. */
export function operationsSource(contract) {
  const operations = {};
  for (const [path, methods] of Object.entries(contract.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (operation.operationId === undefined || !path.startsWith(PREFIX)) continue;
      operations[operation.operationId] = described(contract, path, method, operation);
    }
  }
  return [
    'import type { Operation } from "./operation";',
    "",
    `export const operations = ${JSON.stringify(operations, null, 2)} as const satisfies Record<string, Operation>;`,
    "",
  ].join("\n");
}

function described(contract, path, method, operation) {
  const query = (operation.parameters ?? []).filter((parameter) => parameter.in === "query");
  const sort = query.find((parameter) => parameter.name === "sort");
  return {
    method: method.toUpperCase(),
    path,
    permission: permissionOf(operation),
    filters: query.filter((one) => !NOT_FILTERS.has(one.name)).map((one) => filter(contract, one)),
    sorts: sort === undefined ? [] : valuesOf(contract, sort.schema),
    defaultSort: sort?.schema.default ?? null,
    counts: query.some((parameter) => parameter.name === "count"),
  };
}

function permissionOf(operation) {
  if (typeof operation["x-permission"] === "string") return operation["x-permission"];
  return Object.values(operation.security?.[0] ?? {})[0]?.[0] ?? null;
}

function filter(contract, parameter) {
  const schema = resolved(contract, notNull(parameter.schema));
  const many = schema.type === "array";
  const one = many ? resolved(contract, notNull(schema.items)) : schema;
  return {
    name: parameter.name,
    type: typeOf(one),
    many,
    values: one.enum ?? [],
    description: parameter.description ?? "",
  };
}

function typeOf(schema) {
  if (schema.enum !== undefined) return "choice";
  if (schema.type === "boolean") return "boolean";
  if (schema.type === "integer" || schema.type === "number") return "number";
  if (schema.format === "date-time") return "time";
  return schema.format === "uuid" ? "id" : "text";
}

function valuesOf(contract, schema) {
  return resolved(contract, notNull(schema)).enum ?? [];
}

function notNull(schema) {
  return schema.anyOf?.find((one) => one.type !== "null") ?? schema;
}

function resolved(contract, schema) {
  if (schema.$ref === undefined) return schema;
  return contract.components.schemas[schema.$ref.split("/").at(-1)];
}
