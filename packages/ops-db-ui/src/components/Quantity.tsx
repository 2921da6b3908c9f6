import { Hint } from "~/components/Hint";
import { grouped, withPrefix } from "~/components/quantity";
import { Unknown } from "~/components/Unknown";

interface Given {
  readonly value: number | null | undefined;
}

/** A number of bytes in SI units; exact on hover, focus and tap. */
export function Bytes({ value }: Given) {
  if (value == null) return <Unknown />;
  return <Hint lines={() => [["exactly", `${grouped(value)} bytes`]]}>{withPrefix(value, "B")}</Hint>;
}

/** Bytes per second. */
export function Rate({ value }: Given) {
  if (value == null) return <Unknown />;
  return <Hint lines={() => [["exactly", `${grouped(value)} bytes/s`]]}>{withPrefix(value, "B/s")}</Hint>;
}

/** A number of things, with what is counted. */
export function Count({ value, one, many }: Given & { readonly one: string; readonly many?: string }) {
  if (value == null) return <Unknown />;
  return (
    <span>
      {grouped(value)} {value === 1 ? one : (many ?? `${one}s`)}
    </span>
  );
}
