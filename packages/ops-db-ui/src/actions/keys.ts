/** Return a key by which the API knows a repetition of one and the same request. */
export function newIdempotencyKey(): string {
  // `randomUUID` exists on secure origins only, and a site may be reached by plain HTTP inside its network.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
