import { beforeEach, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { ActionButton } from "~/actions/ActionButton";
import { Toasts } from "~/actions/Toasts";
import { api } from "~/api/client";
import { useGet } from "~/api/get";
import { SessionEnded } from "~/shell/SessionEnded";
import { answer, answerCall, requests } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, person, show } from "~tests/show";

const ME = person(["manage:locations"]);
const ENDED = { type: "x/unauthenticated", title: "No session", detail: "sign in", request_id: "r" };
const SUSPEND = "POST /api/v1/data-locations/buffer:suspend";
const OVER = page.getByRole("dialog", { name: "Your session has ended" });
const ACTION = page.getByRole("dialog", { name: "Suspend buffer?" });

function Errors() {
  const errors = useGet("/api/v1/errors", {}, { live: false });
  return <p>errors: {errors.data?.items.length ?? "none yet"}</p>;
}

function Page() {
  return (
    <>
      <Errors />
      <ActionButton
        operation="suspend_data_location"
        label="Suspend"
        title="Suspend buffer?"
        reason="required"
        run={({ reason }) =>
          api.POST("/api/v1/data-locations/{name}:suspend", {
            params: { path: { name: "buffer" } },
            body: { reason: reason ?? "" },
          })
        }
        invalidates={[]}
      />
      <SessionEnded />
      <Toasts />
    </>
  );
}

beforeEach(() => {
  answer("/api/v1/auth/providers", { providers: [], token: true, development: null });
  answer("/api/v1/errors", { items: [], next_cursor: null });
});

async function endInTheMiddle(width: "narrow" | "normal" = "normal") {
  answerCall(SUSPEND, 401, ENDED);
  const shown = await show(<Page />, { me: ME, at: "/places?x=1", width });
  await page.getByRole("button", { name: "Suspend" }).click();
  await ACTION.getByRole("textbox").fill("the disks are replaced");
  await ACTION.getByRole("button", { name: "Suspend" }).click();
  await expect.element(OVER).toBeVisible();
  return shown;
}

async function signIn() {
  answerCall("POST /api/v1/auth/token", 200, ME);
  await OVER.getByLabelText("API token").fill("ccat_1");
  await OVER.getByRole("button", { name: "Sign in" }).click();
}

test.each(["narrow", "normal"] as const)("stands over an action, to be used at once, %s", async (width) => {
  await endInTheMiddle(width);
  await expect.element(OVER.getByLabelText("API token")).toBeVisible();
  await expect.poll(() => OVER.element().contains(document.activeElement)).toBe(true);
  expectNoSidewaysScroll();
  await expectAccessible();
});

test("neither Escape nor a press beside it closes it or the action below", async () => {
  await endInTheMiddle();
  await userEvent.keyboard("{Escape}");
  document.body.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
  document.body.click();
  await expect.element(OVER).toBeVisible();
  expect(ACTION.elements().length + document.querySelectorAll("textarea").length).toBeGreaterThan(0);
});

test("signed in again, the address, the dialog and what was typed are still there", async () => {
  const { router } = await endInTheMiddle();
  answer("/api/v1/me", ME);
  await signIn();
  await expect.element(OVER).not.toBeInTheDocument();
  await expect.element(ACTION.getByRole("textbox")).toHaveValue("the disks are replaced");
  expect(router.state.location.href).toBe("/places?x=1");
  answerCall(SUSPEND, 200, {});
  await ACTION.getByRole("button", { name: "Suspend" }).click();
  await expect.element(page.getByText("Done: Suspend buffer")).toBeVisible();
  expect(requests().at(-1)?.body).toEqual({ reason: "the disks are replaced" });
});

test("a token that is refused leaves it open and says why", async () => {
  await endInTheMiddle();
  answerCall("POST /api/v1/auth/token", 401, { ...ENDED, detail: "the token is not valid" });
  await OVER.getByLabelText("API token").fill("ccat_0");
  await userEvent.keyboard("{Enter}");
  await expect.element(OVER.getByText("The token is not valid.")).toBeVisible();
});

test("signed in, but the data centre then does not answer: it is said", async () => {
  await endInTheMiddle();
  answerCall("GET /api/v1/me", 503, {
    ...ENDED,
    type: "x/unavailable",
    title: "Unavailable",
    detail: "Later.",
  });
  await signIn();
  await expect.element(OVER.getByText("Unavailable")).toBeVisible();
});

test("signed in as somebody else, nothing of the person before stays", async () => {
  answer("/api/v1/errors", { items: [{}] as never, next_cursor: null });
  const { cache } = await endInTheMiddle();
  await expect.element(page.getByText("errors: 1")).toBeInTheDocument();
  cache.setQueryData(["/api/v1/search", {}], { items: ["of ada"] });
  answer("/api/v1/me", { ...ME, user: { ...ME.user, id: "2", name: "eve" } });
  answerCall("GET /api/v1/errors", 403, {
    ...ENDED,
    type: "x/forbidden",
    permission: "read:errors",
    roles: [],
  });
  await signIn();
  await expect.element(page.getByText("errors: none yet")).toBeInTheDocument();
  expect(cache.getQueryData(["/api/v1/search", {}])).toBeUndefined();
});

test("another tab began another session: the page goes on with it, and says so", async () => {
  answerCall(SUSPEND, 403, {
    ...ENDED,
    type: "x/csrf",
    title: "Forbidden",
    detail: "not that of the session",
  });
  answer("/api/v1/me", { ...ME, csrf_token: "other" });
  await show(<Page />, { me: ME });
  await page.getByRole("button", { name: "Suspend" }).click();
  await ACTION.getByRole("textbox").fill("why");
  await ACTION.getByRole("button", { name: "Suspend" }).click();
  await expect.element(page.getByText(/^You signed in anew elsewhere, as ada\./)).toBeVisible();
  answerCall(SUSPEND, 200, {});
  await ACTION.getByRole("button", { name: "Suspend" }).click();
  await expect.poll(() => requests().at(-1)?.headers.get("x-csrf-token")).toBe("other");
});
