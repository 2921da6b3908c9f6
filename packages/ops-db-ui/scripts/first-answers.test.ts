import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { meQuery } from "~/api/me";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

test("what the first page waits for is asked for ahead, as the program asks for it", () => {
  const [me] = meQuery.queryKey;
  const [, status] = /getAhead\(context\.cache, "([^"]+)"/.exec(read("src/routes/_shell.tsx")) ?? [];
  expect(read("src/ahead.ts").match(/(?<=")\/api\/[^"]+/g)).toEqual([me, status]);
  const preloads = read("index.html").matchAll(
    /<link vite-ignore rel="preload" href="([^"]+)" as="fetch" crossorigin="anonymous"/g,
  );
  expect([...preloads].map(([, path]) => path)).toEqual([me]);
});
