import contract from "../../../ops-db-api/openapi.json";

/** What a newer API might say where it has more values than this version knows. */
export const UNKNOWN = "some_new_value";

/** Fields whose values the contract does not list, and of which pages know some. */
const OPEN_VOCABULARIES: ReadonlySet<string> = new Set([
  "action",
  "category",
  "code",
  "collection",
  "error_category",
  "kind",
  "reason",
  "rule",
  "subject_type",
  "waiting_reason",
]);

interface Schema {
  readonly $ref?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

type Replace = (name: string, value: string) => string;

/** Return the names of the enumerations and open vocabularies of which an answer has values. */
export function vocabulariesOf(address: string, answer: unknown): readonly string[] {
  const found = new Set<string>();
  walk(schemaOf(address), answer, "", (name, value) => {
    found.add(name);
    return value;
  });
  return [...found];
}

/** Return an answer in which every value of a vocabulary is one that this version does not know. */
export function withUnknown(address: string, answer: unknown, vocabulary: string): unknown {
  return walk(schemaOf(address), answer, "", (name, value) => (name === vocabulary ? UNKNOWN : value));
}

function walk(schema: Schema | undefined, value: unknown, name: string, replace: Replace): unknown {
  if (schema === undefined || value === null || value === undefined) return value;
  if (schema.$ref !== undefined) {
    const component = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    const schemas = contract.components.schemas as Readonly<Record<string, Schema>>;
    return walk(schemas[component], value, component, replace);
  }
  if (schema.anyOf !== undefined) {
    return schema.anyOf.reduce((now: unknown, one) => walk(one, now, name, replace), value);
  }
  if (typeof value === "string") {
    const isOpen = OPEN_VOCABULARIES.has(name.slice(name.lastIndexOf(".") + 1));
    return schema.enum !== undefined || isOpen ? replace(name, value) : value;
  }
  if (Array.isArray(value)) return value.map((one) => walk(schema.items, one, name, replace));
  if (typeof value !== "object") return value;
  const others = typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
  return Object.fromEntries(
    Object.entries(value).map(([property, its]) => [
      property,
      walk(schema.properties?.[property] ?? others, its, `${name}.${property}`, replace),
    ]),
  );
}

/** Return what the contract says of the answer at an address. */
function schemaOf(address: string): Schema | undefined {
  for (const [path, methods] of Object.entries(contract.paths)) {
    const pattern = new RegExp(`^${path.replace(/\{[^}]+\}/g, "[^/]+").replaceAll(".", "\\.")}$`);
    const get = (methods as { get?: { responses: Record<string, unknown> } }).get;
    if (get === undefined || !pattern.test(address)) continue;
    const ok = get.responses["200"] as { content?: Record<string, { schema: Schema }> } | undefined;
    return ok?.content?.["application/json"]?.schema;
  }
  return undefined;
}
