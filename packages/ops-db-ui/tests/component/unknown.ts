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

/** Fields by which something else is asked for or found in another answer, or whose form the API checks. */
const KEYS = /(^|_)(id|ids|key|collection|subject|site|of|by|checksum)$/;

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

type Replace = (name: string, value: string, schema: Schema) => string;

/** Return the names of the enumerations and open vocabularies of which an answer has values. */
export function vocabulariesOf(address: string, answer: unknown): readonly string[] {
  const found = new Set<string>();
  walk(schemaOf(address), answer, "", (name, value, schema) => {
    if (isVocabulary(name, schema)) found.add(name);
    return value;
  });
  return [...found];
}

/** Return an answer in which every value of a vocabulary is one that this version does not know. */
export function withUnknown(address: string, answer: unknown, vocabulary: string): unknown {
  return walk(schemaOf(address), answer, "", (name, value, schema) =>
    name === vocabulary && isVocabulary(name, schema) ? UNKNOWN : value,
  );
}

/** Return an answer in which every text that comes from people or their machines is another one. */
export function withTexts(address: string, answer: unknown, text: string): unknown {
  return walk(schemaOf(address), answer, "", (name, value, schema) => {
    const isFree = schema.format === undefined && !isVocabulary(name, schema) && !KEYS.test(fieldOf(name));
    return isFree ? text : value;
  });
}

function isVocabulary(name: string, schema: Schema): boolean {
  return schema.enum !== undefined || OPEN_VOCABULARIES.has(fieldOf(name));
}

function fieldOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function walk(schema: Schema | undefined, value: unknown, name: string, replace: Replace): unknown {
  if (schema === undefined || value === null || value === undefined) return value;
  if (schema.$ref !== undefined) {
    const component = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    const schemas = contract.components.schemas as Readonly<Record<string, Schema>>;
    return walk(schemas[component], value, component, replace);
  }
  if (schema.anyOf !== undefined) {
    const ofValues = schema.anyOf.filter(({ type }) => type !== "null");
    return ofValues.reduce((now: unknown, one) => walk(one, now, name, replace), value);
  }
  if (typeof value === "string") return replace(name, value, schema);
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
