import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { meQuery } from "~/api/me";

test("what the first page waits for is asked for with the document, as the program asks for it", () => {
  const document = readFileSync(new URL("../index.html", import.meta.url), "utf8");
  const ahead = [
    ...document.matchAll(
      /<link vite-ignore rel="preload" href="([^"]+)" as="fetch" crossorigin="anonymous"/g,
    ),
  ];
  const shell = readFileSync(new URL("../src/routes/_shell.tsx", import.meta.url), "utf8");
  const [, status] = /getAhead\(context\.cache, "([^"]+)"/.exec(shell) ?? [];
  expect(ahead.map(([, path]) => path)).toEqual([...meQuery.queryKey, status]);
});
