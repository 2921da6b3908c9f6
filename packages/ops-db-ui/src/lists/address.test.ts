import { describe, expect, test } from "vitest";
import { parseSearch, stringifySearch, textsOf } from "~/lists/address";

const READABLE = [
  [{ status: "archived" }, "?status=archived"],
  [{ status: ["archived", "failed"] }, "?status=archived&status=failed"],
  [{ since: "2026-03-02T04:05:06Z" }, "?since=2026-03-02T04:05:06Z"],
  [{ source: "Orion KL" }, "?source=Orion+KL"],
  [{ columns: "a,b" }, "?columns=a,b"],
  [{ path: "a/b@c" }, "?path=a/b@c"],
  [{ page: 2, open: true }, "?page=2&open=true"],
  [{ none: undefined, nothing: null, list: [] }, ""],
] as const;

describe.each(READABLE)("%j", (search, text) => {
  test(`is written ${text || "as nothing"}`, () => {
    expect(stringifySearch(search)).toBe(text);
  });
});

const TEXTS = [
  "+",
  "a+b",
  "%",
  "%2",
  "%41",
  "&",
  "=",
  "?",
  "#",
  ";",
  " ",
  "  a  ",
  "\t\n",
  "é",
  "🔭",
  "\u202e",
  "'",
  '"',
  "<script>",
  "../..",
  "a&b=c",
  "null",
  "true",
  "0012",
  "1e5",
  "-0",
];

test.each(TEXTS)("%j comes back as it was", (text) => {
  expect(parseSearch(stringifySearch({ [text]: text }))).toEqual({ [text]: text });
});

test("names that objects have by themselves are names like others", () => {
  for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    const search = parseSearch(`?${name}=a&${name}=b`);
    expect(Object.entries(search)).toEqual([[name, ["a", "b"]]]);
    expect(Object.getPrototypeOf(search)).toBe(Object.prototype);
    expect(stringifySearch(search)).toBe(`?${name}=a&${name}=b`);
  }
});

test("half of a character does not break the address", () => {
  expect(stringifySearch({ a: "\ud83d" })).toBe("?a=%EF%BF%BD");
});

test("texts of a name, whatever it holds", () => {
  expect(textsOf(undefined)).toEqual([]);
  expect(textsOf(null)).toEqual([]);
  expect(textsOf(["a", 1])).toEqual(["a", "1"]);
  expect(textsOf(false)).toEqual(["false"]);
});
