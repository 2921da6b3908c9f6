import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const source = fileURLToPath(new URL("..", import.meta.url));
const COLOUR = /#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix|light-dark)\(/gi;

test("colours stand in the tokens only, each for light and for dark", () => {
  const sheets = globSync(`${source}**/*.css`);
  const elsewhere = sheets.filter((sheet) => !sheet.endsWith("/tokens.css"));
  expect(elsewhere.length).toBeGreaterThan(50);
  const found = elsewhere.flatMap((sheet) =>
    [...readFileSync(sheet, "utf8").matchAll(COLOUR)].map(([colour]) => `${sheet}: ${colour}`),
  );
  expect(found).toEqual([]);
  expect(readFileSync(`${source}styles/tokens.css`, "utf8")).toContain("light-dark(");
});
