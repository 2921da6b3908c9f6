import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { SignInForms } from "~/pages/me/SignInForms";
import { answer, answerCall, requests } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, show } from "~tests/show";

const ROLES = [
  { id: "operator", description: "Runs the data centre" },
  { id: "viewer", description: null },
];
const REFUSED = {
  type: "x/unauthenticated",
  title: "Unauthenticated",
  status: 401,
  detail: "the token is not valid",
  instance: "/",
  request_id: "r",
};

test("in development every role of the API is offered", async () => {
  answer("/api/v1/auth/providers", { providers: [], token: true, development: { roles: ROLES } });
  await show(<SignInForms onSignedIn={() => undefined} />);
  await expect.element(page.getByRole("button", { name: /^operator/ })).toBeVisible();
  await expect.element(page.getByRole("button", { name: /^viewer/ })).toBeVisible();
  await expectAccessible();
});

test("taking a role signs in with it", async () => {
  const signedIn = vi.fn();
  answer("/api/v1/auth/providers", { providers: [], token: true, development: { roles: ROLES } });
  answerCall("POST /api/v1/auth/development", 200, {});
  await show(<SignInForms onSignedIn={signedIn} />);
  await page.getByRole("button", { name: /^operator/ }).click();
  await expect.poll(() => signedIn.mock.calls.length).toBe(1);
  expect(requests().at(-1)).toMatchObject({ method: "POST", body: { role: "operator" } });
});

test("elsewhere there is only the token", async () => {
  answer("/api/v1/auth/providers", { providers: [], token: true, development: null });
  await show(<SignInForms onSignedIn={() => undefined} />);
  await expect.element(page.getByLabelText("API token")).toBeVisible();
  expect(page.getByRole("button").elements()).toHaveLength(1);
});

test("a token is sent without the blanks around it, and is not shown", async () => {
  const signedIn = vi.fn();
  answer("/api/v1/auth/providers", { providers: [], token: true, development: null });
  answerCall("POST /api/v1/auth/token", 200, {});
  await show(<SignInForms onSignedIn={signedIn} />);
  const field = page.getByLabelText("API token");
  await expect.element(field).toHaveAttribute("type", "password");
  await userEvent.fill(field, " ccat_abc ");
  await userEvent.keyboard("{Enter}");
  await expect.poll(() => signedIn.mock.calls.length).toBe(1);
  expect(requests().at(-1)?.body).toEqual({ token: "ccat_abc" });
});

test("a token that is refused says why, and one can try another", async () => {
  const signedIn = vi.fn();
  answer("/api/v1/auth/providers", { providers: [], token: true, development: null });
  answerCall("POST /api/v1/auth/token", 401, REFUSED);
  await show(<SignInForms onSignedIn={signedIn} />);
  await userEvent.fill(page.getByLabelText("API token"), "ccat_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect.element(page.getByText("The token is not valid.")).toBeVisible();
  await expect.element(page.getByRole("button", { name: "Sign in" })).toBeEnabled();
  expect(signedIn).not.toHaveBeenCalled();
});

test("when the API does not say how to sign in, that is told", async () => {
  answerCall("GET /api/v1/auth/providers", 503, {
    ...REFUSED,
    status: 503,
    title: "Busy",
    detail: "try again",
  });
  await show(<SignInForms onSignedIn={() => undefined} />);
  await expect.element(page.getByText("Try again.")).toBeVisible();
});

test("fits a narrow window", async () => {
  answer("/api/v1/auth/providers", { providers: [], token: true, development: { roles: ROLES } });
  await show(<SignInForms onSignedIn={() => undefined} />, { width: "narrow" });
  await expect.element(page.getByLabelText("API token")).toBeVisible();
  expectNoSidewaysScroll();
});
