import { useQuery } from "@tanstack/react-query";
import { expect, test, vi } from "vitest";
import { page, userEvent } from "vitest/browser";
import { type Action, ActionButton } from "~/actions/ActionButton";
import { Toasts } from "~/actions/Toasts";
import { api } from "~/api/client";
import { keyOf } from "~/api/get";
import { greenNight } from "~/pages/overview/nights.fixtures";
import { Banners } from "~/shell/Banners";
import { answer, answerCall, answerWith, requests } from "~tests/answers";
import { expectAccessible, person, show } from "~tests/show";

const OPERATOR = person(["manage:locations"]);
const CALL = "POST /api/v1/data-locations/cologne.archive:suspend";
const DIALOG = page.getByRole("dialog", { name: "Suspend cologne.archive?" });

function Suspend(props: Partial<Action>) {
  return (
    <>
      <ActionButton
        operation="suspend_data_location"
        label="Suspend"
        title="Suspend cologne.archive?"
        reason="required"
        effect={<p>New work waits.</p>}
        run={({ reason, idempotencyKey, condition }) =>
          api.POST("/api/v1/data-locations/{name}:suspend", {
            params: { path: { name: "cologne.archive" }, header: { "idempotency-key": idempotencyKey } },
            headers: condition,
            body: { reason: reason ?? "" },
          })
        }
        invalidates={["/api/v1/data-locations"]}
        {...props}
      />
      <Toasts />
    </>
  );
}

function problem(status: number, title: string) {
  return { type: "x/conflict", title, detail: "It is suspended.", request_id: "req-7", status };
}

function posts() {
  return requests().filter(({ method }) => method === "POST");
}

/** Shows that something on the page is read anew. */
function Reader({ read }: { readonly read: () => Promise<number> }) {
  useQuery({ queryKey: keyOf("/api/v1/data-locations", {}), queryFn: read });
  return null;
}

async function open() {
  await page.getByRole("button", { name: "Suspend" }).click();
  await expect.element(DIALOG).toBeVisible();
}

test("asks for the reason, sends it with a key, tells the result and reads anew what changed", async () => {
  answerCall(CALL, 200, {});
  const read = vi.fn(() => Promise.resolve(1));
  await show(
    <>
      <Suspend />
      <Reader read={read} />
    </>,
    { me: OPERATOR },
  );
  await open();
  await expect.element(DIALOG.getByText("New work waits.")).toBeVisible();
  await expectAccessible();
  await DIALOG.getByRole("button", { name: "Suspend" }).click();
  await expect.element(DIALOG.getByRole("alert").getByText("Say why.")).toBeVisible();
  expect(posts()).toEqual([]);
  await DIALOG.getByRole("textbox", { name: "Reason" }).fill("  disks are <b>replaced</b> 🔧  ");
  await DIALOG.getByRole("button", { name: "Suspend" }).click();
  await expect.element(page.getByText("Done: Suspend cologne.archive")).toBeVisible();
  await expect.element(DIALOG).not.toBeInTheDocument();
  expect(posts().map(({ body }) => body)).toEqual([{ reason: "disks are <b>replaced</b> 🔧" }]);
  expect(posts()[0]?.headers.get("idempotency-key")).toMatch(/^[0-9a-f]{32}$/);
  await expect.poll(() => read.mock.calls.length).toBe(2);
});

test.each([409, 412])(
  "an answer %i says plainly that nothing was done; trying again keeps the key",
  async (status) => {
    answerCall(CALL, status, problem(status, "Conflict"));
    await show(<Suspend reason="optional" />, { me: OPERATOR });
    await open();
    await DIALOG.getByRole("button", { name: "Suspend" }).click();
    await expect.element(DIALOG.getByText(/^Nothing was done: it has changed/)).toBeVisible();
    await expect.element(DIALOG.getByText("req-7")).toBeVisible();
    await DIALOG.getByRole("button", { name: "Suspend" }).click();
    await expect.poll(() => posts().length).toBe(2);
    expect(new Set(posts().map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
  },
);

test("above a hundred things their number is typed", async () => {
  answerCall(CALL, 200, {});
  await show(<Suspend reason="none" count={4112} />, { me: OPERATOR });
  await open();
  await DIALOG.getByRole("button", { name: "Suspend" }).click();
  await expect.element(DIALOG.getByText("Type 4112 to confirm.")).toBeVisible();
  expect(posts()).toEqual([]);
  await DIALOG.getByRole("textbox").fill("4112");
  await userEvent.keyboard("{Enter}");
  await expect.poll(() => posts().length).toBe(1);
});

test("the counted consequences are asked for when the dialog opens", async () => {
  const dryRun = vi.fn(() => Promise.resolve(<p>412 packages wait then.</p>));
  await show(<Suspend dryRun={dryRun} />, { me: OPERATOR });
  expect(dryRun).not.toHaveBeenCalled();
  await open();
  await expect.element(DIALOG.getByText("412 packages wait then.")).toBeVisible();
});

test.each([
  ["without the permission", person([]), null, /manage:locations/],
  ["in the wrong state", OPERATOR, "It is suspended already.", /It is suspended already\./],
])("%s the button says why it does nothing, to the keyboard too", async (_, me, impossible, why) => {
  await show(<Suspend impossible={impossible} />, { me });
  const button = page.getByRole("button", { name: "Suspend" });
  await expect.element(button).toHaveAttribute("aria-disabled", "true");
  await userEvent.tab();
  expect(document.activeElement).toBe(button.element());
  await expect.element(page.getByRole("tooltip").getByText(why)).toBeVisible();
  await userEvent.keyboard("{Enter}");
  expect(page.getByRole("dialog").elements()).toEqual([]);
  await expectAccessible();
});

test("while the database is not ready the button says what that waits for", async () => {
  const unavailable = { ...problem(503, "Database unavailable"), detail: "it waits for migration 0002" };
  answerCall("GET /api/v1/status", 503, unavailable);
  const { cache } = await show(
    <>
      <Banners />
      <Suspend />
    </>,
    { me: OPERATOR },
  );
  const button = page.getByRole("button", { name: "Suspend" });
  await expect.element(button).toHaveAttribute("aria-disabled", "true");
  await expect
    .element(button)
    .toHaveAccessibleDescription("The data centre is not ready: it waits for migration 0002.");
  await button.click({ force: true });
  expect(page.getByRole("dialog").elements()).toEqual([]);
  await expectAccessible();
  answer("/api/v1/status", greenNight);
  await cache.refetchQueries({ queryKey: ["/api/v1/status"] });
  await expect.element(button).toHaveAttribute("aria-disabled", "false");
  await open();
});

const SHOWN = { suspended_reason: null, priority: 5, usage: { used_bytes: 1 } };
const THING = { address: "/api/v1/data-locations/cologne.archive", shown: SHOWN };

/** Let the API show the place. */
function placeIs(fields: object, etag: string) {
  answerWith(`GET ${THING.address}`, () => Response.json(fields, { headers: { ETag: etag } }));
}

test("one thing is changed only as it was looked at; a measurement is no change", async () => {
  placeIs({ ...SHOWN, usage: { used_bytes: 2 } }, '"one"');
  answerCall(CALL, 200, {});
  await show(<Suspend reason="none" thing={THING} />, { me: OPERATOR });
  await open();
  await DIALOG.getByRole("button", { name: "Suspend" }).click();
  await expect.element(page.getByText("Done: Suspend cologne.archive")).toBeVisible();
  expect(posts().map(({ headers }) => headers.get("if-match"))).toEqual(['"one"']);
});

test("what has changed meanwhile is shown, and confirmed anew as it is now", async () => {
  placeIs(SHOWN, '"one"');
  answerCall(CALL, 412, problem(412, "Precondition failed"));
  await show(<Suspend reason="none" thing={THING} />, { me: OPERATOR });
  await open();
  expect(DIALOG.getByRole("alert").elements()).toEqual([]);
  placeIs({ ...SHOWN, priority: 7, suspended_reason: "new <b>disks</b>" }, '"two"');
  await DIALOG.getByRole("button", { name: "Suspend" }).click();
  const alert = DIALOG.getByRole("alert");
  await expect.element(alert.getByText(/^Nothing was done: it has changed since you looked/)).toBeVisible();
  await expect.element(alert).toMatchTextContent(/suspended reason: nothing is now new <b>disks<\/b>/);
  await expect.element(alert).toMatchTextContent(/priority: 5 is now 7/);
  await expectAccessible();
  answerCall(CALL, 200, {});
  await DIALOG.getByRole("button", { name: "Suspend" }).click();
  await expect.element(page.getByText("Done: Suspend cologne.archive")).toBeVisible();
  expect(posts().map(({ headers }) => headers.get("if-match"))).toEqual(['"one"', '"two"']);
});

test("what has changed since the page showed it is said before anything is done", async () => {
  placeIs({ ...SHOWN, priority: 7 }, '"two"');
  await show(<Suspend reason="none" thing={THING} />, { me: OPERATOR });
  await open();
  await expect.element(DIALOG.getByRole("alert")).toMatchTextContent(/^It has changed.*priority: 5 is now 7/);
  expect(posts()).toEqual([]);
});
