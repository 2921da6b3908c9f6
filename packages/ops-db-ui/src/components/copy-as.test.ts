import { execFile, spawnSync } from "node:child_process";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ccatWords } from "~/components/ccat";
import { addressOf, asCurl, asPython, type Request } from "~/components/copy-as";
import { commandLine, quoted } from "~/components/shell-words";
import { textsOf } from "~/lists/address";

const NASTY = [
  "",
  " ",
  "  two  spaces  ",
  "a b",
  "'",
  "''",
  "a'b",
  '"',
  "\\",
  "\\'",
  "\\n",
  "$HOME",
  "$" + "{HOME}",
  "$(id)",
  "`id`",
  "!!",
  "!1",
  "*",
  "?",
  "[a-z]",
  "~",
  "~root",
  "#not",
  "a#b",
  "&",
  "&&",
  "|",
  ";",
  "; rm -rf x",
  "<",
  ">",
  ">>x",
  "(",
  ")",
  "{a,b}",
  "-n",
  "--",
  "-rf",
  "=",
  "a=b",
  "%s",
  "\t",
  "\n",
  "line\nbreak",
  "\r\n",
  "é",
  "日本",
  "🔭👩‍🚀",
  "\u202eevil",
  "\u00a0",
  "\u0007",
  "\u001b[31mred",
  "<script>alert(1)</script>",
  "=cmd|' /C calc'!A0",
  "../../etc/passwd",
];

/** The same texts each time, of characters that shells treat specially and others. */
function madeTexts(count: number): readonly string[] {
  const signs = [...` '"\\$\`!*?[]{}()<>|&;#~=%^,.-_/:@+\n\tabZ09é🔭`];
  let state = 20260302;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: next(12) }, () => signs[next(signs.length)]).join(""),
  );
}

/** What a shell hands to a command for a line: each word, ended by NUL. */
function argumentsOf(shell: string, line: string): readonly string[] {
  const script = `show() { for word do printf '%s\\0' "$word"; done; }; show ${line}`;
  const { stdout, stderr, status } = spawnSync(shell, ["-c", script], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout.split("\0").slice(0, -1);
}

describe.each(["sh", "bash"])("%s reads", (shell) => {
  test("each nasty text as one word", () => {
    expect(argumentsOf(shell, commandLine(NASTY))).toEqual(NASTY);
  });

  test("a thousand made texts as they were", () => {
    const texts = madeTexts(1000);
    expect(argumentsOf(shell, commandLine(texts))).toEqual(texts);
  });
});

test("plain words stay readable", () => {
  expect(commandLine(["ccat", "find", "--since", "2026-03-02T04:05:06Z", "--source", "Orion KL"])).toBe(
    "ccat find --since 2026-03-02T04:05:06Z --source 'Orion KL'",
  );
});

test("what no word of a shell can hold is left out", () => {
  expect(quoted("a\0b")).toBe("ab");
});

const TOKEN = "ccat_abc_$`'\"def";
const PYTHON = fileURLToPath(new URL("../../../../build/venv/bin/python", import.meta.url));
const GET: Request = { method: "GET", path: "/api/v1/errors", query: {}, body: null };

// A fresh interpreter may take long on a busy machine.
describe("the lines ask what the page asks", { timeout: 60_000 }, () => {
  interface Received {
    readonly method: string | undefined;
    readonly address: URL;
    readonly headers: IncomingHttpHeaders;
    readonly body: string;
  }
  let origin = "";
  let received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const address = new URL(request.url ?? "", "http://x");
      const { method, headers } = request;
      received.push({ method, address, headers, body: Buffer.concat(parts).toString() });
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ items: [], next_cursor: null }));
    });
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  async function run(command: string, words: readonly string[]): Promise<Received | undefined> {
    received = [];
    const environment = { ...process.env, CCAT_API_URL: origin, CCAT_API_TOKEN: TOKEN };
    await promisify(execFile)(command, words, { env: environment });
    return received[0];
  }

  const QUERY = { source: NASTY.filter((text) => text !== ""), since: "2026-03-02T04:05:06Z" };
  const BODY = { reason: NASTY.join("|"), count: 3, nested: { list: [null, true] } };

  function expectAsked(asked: Received | undefined, request: Request) {
    expect(asked?.method).toBe(request.method);
    expect(asked?.address.pathname).toBe(request.path);
    // The Python client asks for large pages.
    asked?.address.searchParams.delete("limit");
    expect([...(asked?.address.searchParams ?? [])]).toEqual(
      Object.entries(request.query).flatMap(([name, value]) => textsOf(value).map((text) => [name, text])),
    );
    expect(asked?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(asked?.body === "" ? null : JSON.parse(asked?.body ?? "")).toEqual(request.body);
  }

  test("curl reads", async () => {
    expectAsked(await run("sh", ["-c", asCurl({ ...GET, query: QUERY }, origin)]), { ...GET, query: QUERY });
  });

  test("curl changes", async () => {
    const request = { ...GET, method: "POST", path: "/api/v1/data-locations/a%20b:suspend", body: BODY };
    const asked = await run("sh", ["-c", asCurl(request, origin)]);
    expectAsked(asked, request);
    expect(asked?.headers["content-type"]).toBe("application/json");
  });

  test.each(["/api/v1/errors", "/api/v1/executed-obs-units"])("Python reads %s", async (path) => {
    const request = { ...GET, path, query: QUERY };
    expectAsked(await run(PYTHON, ["-c", asPython(request)]), request);
  });

  test("Python reads without filters", async () => {
    const request = { ...GET, path: "/api/v1/executed-obs-units" };
    const asked = await run(PYTHON, ["-c", asPython(request)]);
    expect(asked?.address.pathname).toBe(request.path);
  });

  test("Python changes", async () => {
    const request = { ...GET, method: "POST", path: "/api/v1/data-locations/a%20b:suspend", body: BODY };
    expectAsked(await run(PYTHON, ["-c", asPython(request)]), request);
  });

  test("ccat finds", async () => {
    const query = { source: "-a 'b' $(c)", status: "running", until: "2026-03-02T04:05:06Z" };
    const line = commandLine(ccatWords("/api/v1/executed-obs-units", query) ?? []);
    const ccat = fileURLToPath(new URL("../../../../build/venv/bin", import.meta.url));
    const asked = await run("sh", ["-c", `PATH="${ccat}:$PATH"; ${line}`]);
    expect(asked?.address.pathname).toBe("/api/v1/executed-obs-units");
    const found = Object.fromEntries(asked?.address.searchParams ?? []);
    expect(found).toMatchObject({ source: query.source, status: "running" });
    expect(Date.parse(found.until ?? "")).toBe(Date.parse(query.until));
  });
});

describe("ccat", () => {
  test.each([
    ["/api/v1/status", {}, "ccat status"],
    ["/api/v1/why/cologne.processing", {}, "ccat why cologne.processing"],
    ["/api/v1/why/a%20b", {}, "ccat why 'a b'"],
    ["/api/v1/raw-data-packages", { execution_id: "01a2" }, "ccat packages --execution 01a2"],
    ["/api/v1/executed-obs-units", {}, "ccat find"],
    ["/api/v1/executed-obs-units", { sort: "-started_at", source: "M82" }, "ccat find --source=M82"],
  ])("says %s %j", (path, query, line) => expect(commandLine(ccatWords(path, query) ?? [])).toBe(line));

  test.each([
    ["/api/v1/executed-obs-units", { sort: "started_at" }],
    ["/api/v1/executed-obs-units", { status: ["running", "failed"] }],
    ["/api/v1/executed-obs-units", { quality: "good" }],
    ["/api/v1/raw-data-packages", {}],
    ["/api/v1/raw-data-packages", { execution_id: "01a2", state: "failed" }],
    ["/api/v1/raw-data-packages", { execution_id: ["01a2", "01a3"] }],
    ["/api/v1/errors", {}],
    ["/api/v1/why/a/b", {}],
  ])("cannot say %s %j", (path, query) => expect(ccatWords(path, query)).toBeNull());
});

test("no line holds a token", () => {
  expect(asCurl(GET, "http://x")).toContain('"Authorization: Bearer $CCAT_API_TOKEN"');
  expect(asPython(GET)).not.toMatch(/token/i);
});

test("an address has each value by itself", () => {
  expect(addressOf({ path: "/api/v1/errors", query: { a: ["1", "2"], b: "x y" } }, "http://x")).toBe(
    "http://x/api/v1/errors?a=1&a=2&b=x%20y",
  );
});
