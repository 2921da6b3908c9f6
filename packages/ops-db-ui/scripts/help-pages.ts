// Compiles a help text (Markdown) to a module of React elements, when building and when testing.
import { Lexer, type Tokens } from "marked";
import type { Plugin } from "vite";

type Part = Tokens.Generic;

/** A vite plugin: `import { title, sections, Text } from "help/work.md"`. */
export function helpPages(): Plugin {
  return {
    name: "help-pages",
    transform: {
      filter: { id: /\/help\/[a-z-]+\.md$/ },
      handler: (text: string) => ({ code: helpModule(text), map: null, moduleType: "js" }),
    },
  };
}

/** Return the source of the module for a help text. It fails for whatever it does not know, HTML among it. */
export function helpModule(markdown: string): string {
  const tokens: readonly Part[] = new Lexer({ gfm: true }).lex(markdown);
  const [head, ...rest] = tokens.filter((token) => token.type !== "space");
  if (head?.type !== "heading" || head.depth !== 1)
    throw new Error("a help text begins with its title: # Title");
  const sections = rest
    .filter((token) => token.type === "heading" && token.depth === 2)
    .map((token) => ({ id: idOf(token.text), title: plain(parts(token)) }));
  return [
    'import { jsx, jsxs } from "react/jsx-runtime";',
    'import { HelpLink } from "~/help/HelpLink";',
    `export const title = ${JSON.stringify(plain(parts(head)))};`,
    `export const sections = ${JSON.stringify(sections)};`,
    `export function Text() { return ${element("article", {}, rest.map(block))}; }`,
    "",
  ].join("\n");
}

function block(token: Part): string {
  switch (token.type) {
    case "heading":
      return element(`h${token.depth}`, { id: idOf(token.text) }, parts(token).map(inline));
    case "paragraph":
      return element("p", {}, parts(token).map(inline));
    case "list":
      return element(token.ordered ? "ol" : "ul", {}, (token.items as readonly Part[]).map(item));
    case "code":
      return element("pre", {}, [element("code", {}, [JSON.stringify(token.text)])]);
    case "table":
      return table(token);
    default:
      throw new Error(`a help text cannot contain: ${token.type} (${token.raw.trim()})`);
  }
}

function item(token: Part): string {
  return element(
    "li",
    {},
    parts(token).flatMap((part) => (part.type === "text" ? inlines(part) : [block(part)])),
  );
}

function table(token: Part): string {
  const heads = (token.header as readonly Part[]).map((cell) =>
    element("th", { scope: "col" }, parts(cell).map(inline)),
  );
  const rows = (token.rows as readonly (readonly Part[])[]).map((row) =>
    element(
      "tr",
      {},
      row.map((cell, index) =>
        index === 0
          ? element("th", { scope: "row" }, parts(cell).map(inline))
          : element("td", {}, parts(cell).map(inline)),
      ),
    ),
  );
  return element("table", {}, [element("thead", {}, [element("tr", {}, heads)]), element("tbody", {}, rows)]);
}

function parts(token: Part): readonly Part[] {
  return token.tokens ?? [];
}

function inlines(token: Part): readonly string[] {
  return token.tokens === undefined ? [inline(token)] : parts(token).map(inline);
}

function inline(token: Part): string {
  switch (token.type) {
    case "text":
    case "escape":
      return token.tokens === undefined
        ? JSON.stringify(token.text)
        : element("span", {}, parts(token).map(inline));
    case "strong":
      return element("strong", {}, parts(token).map(inline));
    case "em":
      return element("em", {}, parts(token).map(inline));
    case "codespan":
      return element(isKey(token.text) ? "kbd" : "code", {}, [JSON.stringify(token.text)]);
    case "link":
      return element("HelpLink", { to: ownAddress(token.href) }, parts(token).map(inline));
    default:
      throw new Error(`a help text cannot contain: ${token.type} (${token.raw.trim()})`);
  }
}

/** Keys are written as `Ctrl`, `K`, `?` and shown as keys; whatever is longer is code. */
function isKey(text: string): boolean {
  return text.length === 1 || ["Ctrl", "Enter", "Esc", "Tab"].includes(text);
}

/** A help text leads to our own pages only: nothing else is there where a site is cut off. */
function ownAddress(href: string): string {
  if (!href.startsWith("/"))
    throw new Error(`a help text cannot lead to ${href}: only to pages of the interface`);
  return href;
}

function element(name: string, props: Readonly<Record<string, string>>, children: readonly string[]): string {
  const type = /^[a-z]/.test(name) ? JSON.stringify(name) : name;
  const entries = Object.entries(props).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  if (children.length === 1)
    return `jsx(${type}, { ${[...entries, `children: ${children[0]}`].join(", ")} })`;
  return `jsxs(${type}, { ${[...entries, `children: [${children.join(", ")}]`].join(", ")} })`;
}

function plain(tokens: readonly Part[]): string {
  return tokens.map((token) => (token.tokens === undefined ? token.text : plain(parts(token)))).join("");
}

function idOf(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
