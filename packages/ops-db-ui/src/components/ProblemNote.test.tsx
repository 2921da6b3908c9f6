import { describe, expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { Problem, unreachable } from "~/api/problem";
import { ProblemNote } from "~/components/ProblemNote";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, show } from "~tests/show";

const never = { may: "never", afterSeconds: null } as const;
const nothing = () => undefined;

test("an error says what, what to do, its request and where to read on", async () => {
  const error = new Problem(
    409,
    "conflict",
    "Conflict",
    "it is suspended already",
    "Resume it first.",
    "place",
    "req-7",
    never,
  );
  await show(<ProblemNote error={error} again={nothing} />);
  await expect.element(page.getByRole("alert")).toMatchAriaInlineSnapshot(`
    - alert:
      - paragraph: Conflict
      - paragraph: It is suspended already.
      - paragraph: Resume it first.
      - link "Help":
        - /url: /help/place
      - text: Request
      - code: req-7
  `);
  expect(page.getByRole("button").elements()).toHaveLength(0);
  await expectAccessible();
});

test("forbidden says which permission, which roles give it and whom to ask", async () => {
  const error = new Problem(403, "forbidden", "Forbidden", "no", null, null, null, never, [], "work:retry", [
    "admin",
    "operator",
  ]);
  await show(<ProblemNote error={error} />);
  await expect.element(page.getByRole("note")).toMatchAriaInlineSnapshot(`
    - note:
      - paragraph: You may not see or do this
      - paragraph:
        - text: It needs the permission
        - code: work:retry
        - text: ", which you do not have. These roles give it: admin, operator. Ask whoever administers the data centre at your site."
  `);
  await expectAccessible();
});

test("forbidden without a role that gives it says so", async () => {
  const error = new Problem(
    403,
    "forbidden",
    "Forbidden",
    "no",
    null,
    null,
    null,
    never,
    [],
    "work:retry",
    [],
  );
  await show(<ProblemNote error={error} />);
  await expect.element(page.getByText(/No role gives it yet/)).toBeVisible();
});

test("a refusal for another reason than a permission keeps its words", async () => {
  const error = new Problem(
    403,
    "csrf",
    "Csrf",
    "the header X-CSRF-Token is missing",
    null,
    null,
    null,
    never,
  );
  await show(<ProblemNote error={error} />);
  await expect.element(page.getByText("The header X-CSRF-Token is missing.")).toBeVisible();
});

test("not found is no alarm", async () => {
  const error = new Problem(404, "not-found", "Not found", "there is no package 7");
  await show(<ProblemNote error={error} />);
  await expect.element(page.getByRole("note")).toBeVisible();
  await expect.element(page.getByText("There is no such thing, or not yet here")).toBeVisible();
  await expect.element(page.getByText("There is no package 7.")).toBeVisible();
  await expectAccessible();
});

test("each field that is wrong is named", async () => {
  const fields = [
    { field: "since", reason: "not a time" },
    { field: null, reason: "nothing to do" },
  ];
  const error = new Problem(
    422,
    "invalid-request",
    "Invalid request",
    "2 mistakes",
    null,
    null,
    null,
    never,
    fields,
  );
  await show(<ProblemNote error={error} />);
  await expect.element(page.getByRole("list")).toMatchAriaInlineSnapshot(`
    - list:
      - listitem:
        - code: since
        - text: not a time
      - listitem: nothing to do
  `);
});

test("a mistake of the page is reported with its text", async () => {
  await show(<ProblemNote error={new Error("x is undefined")} />);
  await expect.element(page.getByText("This page has a defect")).toBeVisible();
  await expect.element(page.getByText("X is undefined.")).toBeVisible();
});

describe("trying again", () => {
  test("is offered where it may help, and asks at once when pressed", async () => {
    const again = vi.fn();
    const error = new Problem(500, "x", "Wrong", "x", null, null, null, {
      may: "same-request",
      afterSeconds: null,
    });
    await show(<ProblemNote error={error} again={again} />);
    await page.getByRole("button", { name: "Try again" }).click();
    expect(again).toHaveBeenCalledTimes(1);
  });

  test("counts down and asks by itself", async () => {
    const again = vi.fn();
    const error = new Problem(503, "busy", "Busy", "x", null, null, null, {
      may: "same-request",
      afterSeconds: 2,
    });
    await show(<ProblemNote error={error} again={again} />);
    await expect.element(page.getByText("in 2 s")).toBeVisible();
    await expect.element(page.getByText("in 1 s")).toBeVisible();
    await expect.poll(() => again.mock.calls.length).toBeGreaterThan(0);
  });

  test("works with the keyboard", async () => {
    const again = vi.fn();
    await show(<ProblemNote error={unreachable()} again={again} />);
    await userEvent.tab();
    await userEvent.keyboard("{Enter}");
    expect(again).toHaveBeenCalledTimes(1);
  });

  test.each(["never", "after-change", "after-sign-in"] as const)("is not offered for %s", async (may) => {
    const error = new Problem(400, "x", "Wrong", "x", null, null, null, { may, afterSeconds: null });
    await show(<ProblemNote error={error} again={nothing} />);
    await expect.element(page.getByText("Wrong")).toBeVisible();
    expect(page.getByRole("button").elements()).toHaveLength(0);
  });
});

test.each(Object.entries(HOSTILE))(
  "%s in every field is text inside a narrow window",
  async (_name, text) => {
    const error = new Problem(409, "x", text, text, text, null, text, never, [{ field: text, reason: text }]);
    await show(<ProblemNote error={error} />, { width: "narrow" });
    await expect.element(page.getByRole("alert")).toBeVisible();
    expect(page.getByRole("alert").element().textContent).toContain(text);
    expectNoSidewaysScroll();
    expect(Reflect.get(window, "hit")).toBeUndefined();
  },
);
