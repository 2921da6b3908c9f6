import { describe, expect, test } from "vitest";
import { helpModule } from "./help-pages.ts";

const compiled = (markdown: string) => helpModule(`# Title\n\n${markdown}`).split("\n").at(-2);

test("the title and the sections are known before the text is drawn", () => {
  const source = helpModule("# A *title*\n\n## What to do\n\nText.\n\n## Wörter & more\n");
  expect(source).toContain('export const title = "A title";');
  expect(source).toContain(
    'export const sections = [{"id":"what-to-do","title":"What to do"},{"id":"w-rter-more","title":"Wörter & more"}];',
  );
});

describe("elements", () => {
  test.each([
    ["a paragraph", "Text.", 'jsx("p", { children: "Text." })'],
    [
      "strong and emphasis",
      "**a** *b*",
      'jsxs("p", { children: [jsx("strong", { children: "a" }), " ", jsx("em", { children: "b" })] })',
    ],
    ["code", "`ccat why`", 'jsx("p", { children: jsx("code", { children: "ccat why" }) })'],
    ["a key", "`?`", 'jsx("p", { children: jsx("kbd", { children: "?" }) })'],
    [
      "a list",
      "- a\n- b",
      'jsxs("ul", { children: [jsx("li", { children: "a" }), jsx("li", { children: "b" })] })',
    ],
    [
      "numbers",
      "1. a\n2. b",
      'jsxs("ol", { children: [jsx("li", { children: "a" }), jsx("li", { children: "b" })] })',
    ],
    ["a section", "### Sub", 'jsx("h3", { "id": "sub", children: "Sub" })'],
    [
      "a block of code",
      "```\nccat why\n```",
      'jsx("pre", { children: jsx("code", { children: "ccat why" }) })',
    ],
    ["a link", "[Work](/work)", 'jsx("p", { children: jsx(HelpLink, { "to": "/work", children: "Work" }) })'],
  ])("%s", (_name, markdown, element) => {
    expect(compiled(markdown)).toBe(
      `export function Text() { return jsx("article", { children: ${element} }); }`,
    );
  });

  test("the first cell of each row of a table heads it", () => {
    expect(compiled("| a | b |\n| --- | --- |\n| 1 | 2 |")).toContain(
      'jsx("tr", { children: [jsx("th", { "scope": "row", children: "1" }), jsx("td", { children: "2" })] })'.replace(
        "jsx(",
        "jsxs(",
      ),
    );
  });
});

describe("refuses", () => {
  test.each([
    ["HTML in a block", "<div>x</div>", "cannot contain: html"],
    ["HTML in a line", "a <b>x</b>", "cannot contain: html"],
    ["a picture", "![x](/x.png)", "cannot contain: image"],
    ["another origin", "[x](https://example.org)", "cannot lead to https://example.org"],
    ["a script as an address", "[x](javascript:alert(1))", "cannot lead to javascript:alert(1)"],
  ])("%s", (_name, markdown, words) => {
    expect(() => compiled(markdown)).toThrow(words);
  });

  test("a text without a title", () => {
    expect(() => helpModule("Text.")).toThrow("begins with its title");
  });
});
