const PREFIXES = ["", "k", "M", "G", "T", "P", "E"];
const DIGITS = 3;

/** Return a figure with three digits and an SI prefix: `1.23 GB`, `999 B`, `0 B`. */
export function withPrefix(value: number, unit: string): string {
  if (!Number.isFinite(value)) return "–";
  let scaled = Math.abs(value);
  let step = 0;
  // 999.5 would be rounded to 1000.
  while (scaled >= 999.5 && step < PREFIXES.length - 1) {
    scaled /= 1000;
    step += 1;
  }
  const whole = step === 0 && Number.isInteger(scaled);
  const digits = whole ? String(scaled) : scaled.toPrecision(DIGITS);
  return `${value < 0 ? "−" : ""}${digits} ${PREFIXES[step]}${unit}`;
}

/** Return a whole number with thin spaces between thousands: `1 204`. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** Return a share of a whole as per cent, never rounded up to 100 or down to 0. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return "–";
  const share = (part / whole) * 100;
  if (share > 0 && share < 1) return "< 1 %";
  if (share < 100 && share > 99) return "> 99 %";
  return `${Math.round(share)} %`;
}
