/** Return a range of degrees: `58.0–61.3°`; null where nothing is known. */
export function degrees(smallest: number | null, largest: number | null): string | null {
  const known = [smallest, largest].filter((value) => value !== null);
  const texts = [...new Set(known.map((value) => `${value.toFixed(1)}`))];
  return texts.length === 0 ? null : `${texts.join("\u2013")}°`;
}

/** Return a length of precipitable water: `0.62 mm`; null where it is not known. */
export function millimetres(value: number | null): string | null {
  return value === null ? null : `${value.toFixed(2)} mm`;
}
