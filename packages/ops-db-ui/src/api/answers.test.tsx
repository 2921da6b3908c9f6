import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { useGet } from "~/api/get";
import { Empty } from "~/components/Empty";
import { Panel } from "~/components/Panel";
import { answerWith } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, show } from "~tests/show";

const CALL = "GET /api/v1/errors";
const HTML = { "content-type": "text/html" };
const JSON_TYPE = { "content-type": "application/json" };

function Errors() {
  const errors = useGet("/api/v1/errors", {}, { live: false });
  return (
    <Panel title="Errors" of={errors}>
      {({ items }) => <Empty title={`${items.length} errors`} />}
    </Panel>
  );
}

const PROBLEM = { type: "x/internal", title: "Internal error", detail: "It broke.", request_id: "r-1" };

test.each([
  ["a page with status 500", () => new Response("<h1>Oops</h1>", { status: 500, headers: HTML }), "500"],
  ["a page of a proxy", () => new Response("<h1>Bad gateway</h1>", { status: 502, headers: HTML }), "502"],
  ["nothing with status 500", () => new Response("", { status: 500 }), "500"],
  ["a page for signing in elsewhere", () => new Response("<form>", { headers: HTML }), "200"],
  ["nothing", () => new Response("", { headers: JSON_TYPE }), "200"],
  ["half of an answer", () => new Response('{"items": [{"id": "1', { headers: JSON_TYPE }), "200"],
  ["a list", () => Response.json([]), "200"],
  ["null", () => Response.json(null), "200"],
  ["half of a problem", () => new Response('{"type": "x/y", "ti', { status: 503 }), "503"],
  ["a problem of other kinds", () => Response.json({ ...PROBLEM, type: 7 }, { status: 500 }), "500"],
  [
    "a problem with no list of roles",
    () => Response.json({ ...PROBLEM, roles: "all" }, { status: 403 }),
    "403",
  ],
  [
    "a problem with no list of fields",
    () => Response.json({ ...PROBLEM, errors: {} }, { status: 422 }),
    "422",
  ],
])("%s: it is said that something else answered", async (_, response, status) => {
  answerWith(CALL, response);
  await show(<Errors />, { width: "narrow" });
  await expect.element(page.getByText("Something else answered")).toBeVisible();
  await expect.element(page.getByText(new RegExp(`status ${status}`))).toBeVisible();
  expectNoSidewaysScroll();
  await expectAccessible();
});

test("an answer with another content type is read, when it is one", async () => {
  answerWith(CALL, () => new Response('{"items": [], "next_cursor": null}', { headers: HTML }));
  await show(<Errors />);
  await expect.element(page.getByText("0 errors")).toBeVisible();
});

test("a problem of the API without an id of the request is one all the same", async () => {
  answerWith(CALL, () => Response.json({ ...PROBLEM, request_id: null }, { status: 500 }));
  await show(<Errors />);
  await expect.element(page.getByText("Internal error")).toBeVisible();
});

test("a connection that is cut says that nothing answers", async () => {
  answerWith(CALL, () => Promise.reject(new TypeError("Failed to fetch")));
  await show(<Errors />);
  await expect.element(page.getByText("The data centre does not answer")).toBeVisible();
});

test("while an answer is slow its place is kept, and others are not waited for", async () => {
  answerWith(CALL, () => new Promise(() => undefined));
  await show(
    <>
      <Errors />
      <p>another part</p>
    </>,
  );
  await expect.element(page.getByText("another part")).toBeVisible();
  await expect.element(page.getByText("Loading")).toBeInTheDocument();
});
