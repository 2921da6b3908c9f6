import { describe, expect, test } from "vitest";
import { problemOf, unreachable } from "~/api/problem";

const DOCUMENT = {
  type: "https://data-center.ccatobservatory.org/problems/conflict",
  title: "Conflict",
  status: 409,
  detail: "it is suspended already",
  instance: "/api/v1/x",
  request_id: "r-1",
};
const answer = (status: number, headers: Record<string, string> = {}) =>
  new Response(null, { status, headers });

test("takes what the document says", () => {
  expect(problemOf(answer(409), DOCUMENT)).toMatchObject({
    status: 409,
    slug: "conflict",
    title: "Conflict",
    detail: "it is suspended already",
    requestId: "r-1",
    permission: null,
    roles: [],
    retry: { may: "never", afterSeconds: null },
  });
});

test("takes the missing permission and the roles that give it", () => {
  const document = { ...DOCUMENT, permission: "work:retry", roles: ["admin", "operator"] };
  expect(problemOf(answer(403), document)).toMatchObject({
    permission: "work:retry",
    roles: ["admin", "operator"],
  });
});

test("takes the fields that are wrong", () => {
  const errors = [{ field: "since", reason: "not a time" }, { reason: "nothing to do" }];
  expect(problemOf(answer(422), { ...DOCUMENT, errors }).fields).toEqual([
    { field: "since", reason: "not a time" },
    { field: null, reason: "nothing to do" },
  ]);
});

describe("whether asking again may help", () => {
  test.each([
    [401, {}, "after-sign-in", null],
    [404, {}, "never", null],
    [429, { "retry-after": "7" }, "same-request", 7],
    [500, {}, "same-request", null],
    [503, { "retry-after": "5" }, "same-request", 5],
    [503, { "retry-after": "soon" }, "same-request", null],
    [503, { "retry-after": "-1" }, "same-request", null],
  ])("%i %j: %s after %s", (status, headers, may, afterSeconds) => {
    expect(problemOf(answer(status, headers), DOCUMENT).retry).toEqual({ may, afterSeconds });
  });

  test("what the document says counts more than the status", () => {
    const document = { ...DOCUMENT, retry: { may: "after-change", after_seconds: null } };
    expect(problemOf(answer(503), document).retry).toEqual({ may: "after-change", afterSeconds: null });
  });
});

test.each([null, "text", 7, [], { type: "x" }, { request_id: "x" }])(
  "an answer that is no document of ours (%j) came from something else",
  (body) => {
    expect(problemOf(answer(502), body)).toMatchObject({
      slug: "not-ours",
      title: "Something else answered",
      retry: { may: "same-request", afterSeconds: null },
    });
  },
);

test("only 401 ends the session", () => {
  expect(problemOf(answer(401), DOCUMENT).isSessionEnded).toBe(true);
  expect(problemOf(answer(403), DOCUMENT).isSessionEnded).toBe(false);
});

test("no answer at all may be asked for again", () => {
  expect(unreachable()).toMatchObject({
    status: 0,
    slug: "unreachable",
    retry: { may: "same-request", afterSeconds: 15 },
  });
});
