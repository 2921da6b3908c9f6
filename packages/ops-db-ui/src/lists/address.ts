/** What stands behind the question mark of an address: each name with its text, or texts. */
export type Search = Readonly<Record<string, unknown>>;

/** Read the part of an address behind the question mark. Everything is text; a name may stand several times. */
export function parseSearch(text: string): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const before = Object.hasOwn(found, name) ? found[name] : undefined;
    const now = before === undefined ? value : [before, value].flat();
    // A plain assignment to the name `__proto__` would change the object's prototype.
    Object.defineProperty(found, name, { value: now, enumerable: true, configurable: true, writable: true });
  }
  return found;
}

/** Write the part of an address behind the question mark, as readable as an address may be. */
export function stringifySearch(search: Search): string {
  const parts = Object.entries(search).flatMap(([name, value]) =>
    textsOf(value).map((text) => `${readable(name)}=${readable(text)}`),
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

/** Return the texts that a name has in an address. */
export function textsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function readable(text: string): string {
  // `encodeURIComponent` throws on half of a pair of surrogates.
  const whole = text.replace(/\p{Surrogate}/gu, "\ufffd");
  return encodeURIComponent(whole).replace(/%(3A|2C|2F|40|20)/g, (code) =>
    code === "%20" ? "+" : decodeURIComponent(code),
  );
}
