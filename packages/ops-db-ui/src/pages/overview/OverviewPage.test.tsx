import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { answerNames } from "~/api/names.fixtures";
import { ERROR } from "~/pages/errors/errors.fixtures";
import { AT, badNight, badWork, emptyInstall, greenNight, greenWork } from "~/pages/overview/nights.fixtures";
import { OverviewPage } from "~/pages/overview/OverviewPage";
import { OPEN } from "~/pages/work/work.fixtures";
import { answer, answerCall, answerWith, requests } from "~tests/answers";
import { stopClock } from "~tests/clock";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, person, show } from "~tests/show";

beforeEach(() => {
  stopClock(AT);
});

const NEVER = () => new Promise<Response>(() => undefined);
const OPERATOR = person([
  "read:transfers",
  "read:locations",
  "read:errors",
  "manage:locations",
  "manage:transfers",
]);

function night(status: typeof greenNight, work: typeof greenWork): void {
  answer("/api/v1/status", status);
  answer("/api/v1/open-work/groups", work);
}

test("a green night is a sentence and the next thing due, without any card", async () => {
  night(greenNight, greenWork);
  await show(<OverviewPage />);
  await expect
    .element(page.getByRole("heading", { level: 1 }))
    .toMatchTextContent("All is well: 21 402 files (1.93 TB) filed since the night began");
  await expect.element(page.getByText(/^Next by itself, in .* · /)).toBeVisible();
  expect(page.getByRole("region", { name: "Needs attention" }).elements()).toEqual([]);
  expect(document.title).toContain("Green");
  await expectAccessible();
});

test("while no answer comes the last verdict stays, grey and with its age", async () => {
  night(greenNight, greenWork);
  await show(<OverviewPage />);
  await expect.element(page.getByRole("heading", { level: 1 })).toMatchTextContent("All is well");
  await expect.element(page.getByText("Kept while there is room")).toBeVisible();
  answerWith("GET /api/v1/status", NEVER);
  answerWith("GET /api/v1/open-work/groups", NEVER);
  stopClock(Date.parse(AT) + 60_000);
  await expect.element(page.getByText(/what is so now is not known/)).toBeVisible();
  await expect.element(page.getByRole("heading", { level: 1 })).toMatchTextContent("All is well");
  expect(document.title).toContain("No answer");
  await expectAccessible();
});

test("the flow tells packages, bytes and rate of each step as a list", async () => {
  night(greenNight, greenWork);
  await show(<OverviewPage />);
  const steps = page.getByRole("region", { name: "Flow" }).getByRole("listitem");
  await expect.element(steps.nth(2)).toMatchTextContent(/62.4 MB\/s.*Link.*2 packages.*71.9 GB under way/);
  expect(steps.elements().length).toBe(6);
});

test("a bad night says for each card what to do, what comes next and whose turn it is", async () => {
  night(badNight, badWork);
  await show(<OverviewPage />, { me: OPERATOR });
  const card = page.getByRole("article").first();
  await expect
    .element(card.getByRole("heading"))
    .toMatchTextContent("Act: The route summit-cologne is paused after 6 failures in a row");
  await expect.element(card).toMatchTextContent("214 packages (7.9 TB) wait for it.");
  await expect.element(card).toMatchTextContent("Call those who look after its two ends.");
  await expect.element(card).toMatchTextContent("in 12 min: One transfer tries the route");
  await expect.element(card).toMatchTextContent("7 h 46 min ago");
  await expect
    .element(card.getByRole("link", { name: /^See what waits/ }))
    .toHaveAttribute("href", "/work?route=summit-cologne");
  await expectAccessible();
});

test("the last error of a card comes without moving what stands below it", async () => {
  night(badNight, badWork);
  const failed = OPEN.filter(({ kind }) => kind === "data_transfer").map((row) => ({
    ...row,
    error_message: "the link is cut",
  }));
  let come: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    come = resolve;
  });
  answerWith("GET /api/v1/open-work", async () => {
    await asked;
    return Response.json({ items: failed, next_cursor: null });
  });
  await show(<OverviewPage />, { me: OPERATOR });
  const flow = page.getByRole("region", { name: "Flow" });
  await expect.element(flow).toBeInTheDocument();
  await expect.element(page.getByText("Kept while there is room")).toBeInTheDocument();
  const before = flow.element().getBoundingClientRect().top;
  come();
  await expect.element(page.getByRole("link", { name: "the link is cut" }).first()).toBeVisible();
  expect(flow.element().getBoundingClientRect().top).toBe(before);
});

test("who must act is named: the staff of both ends of a route, the team of an instrument, the operator", async () => {
  night(badNight, badWork);
  answerNames();
  await show(<OverviewPage />, { me: OPERATOR });
  const cards = page.getByRole("article");
  await expect
    .element(cards.nth(0))
    .toMatchTextContent(
      "the staff at FYST and Cologne (FYST: data-centre@ccat.example.org; Cologne: night shift, +49 221 4710 100); call them",
    );
  await expect.element(cards.nth(1)).toMatchTextContent("you, or another operator");
  await expect.element(cards.nth(2)).toMatchTextContent("the team of prime-cam; call them");
});

test("a paused route shows what failed last, which is the first thing to look at", async () => {
  night(badNight, badWork);
  const message = "cologne.example.org: connection timed out after 30 s";
  answer("/api/v1/errors", { items: [{ ...ERROR, message }], next_cursor: null });
  await show(<OverviewPage />, { me: OPERATOR });
  const card = page.getByRole("article").first();
  await expect.element(card).toMatchTextContent(`Last error: ${message}`);
  const button = card.getByRole("link", { name: /^See what failed/ });
  await expect.element(button).toHaveAttribute("href", `/errors/${ERROR.id}`);
  await expect.element(button).toHaveAttribute("data-kind", "main");
  expect(requests().some(({ address }) => /errors\?route=summit-cologne&open=true/.test(address))).toBe(true);
});

test("a place that fills leads to the cause, and names those who mend it", async () => {
  answerNames();
  const cards = badNight.attention.map((card) =>
    card.rule === "location_filling"
      ? {
          ...card,
          turn: "site" as const,
          cause: { collection: "routes", id: "summit-cologne", filter: null },
        }
      : card,
  );
  night({ ...badNight, attention: cards }, badWork);
  answer("/api/v1/errors", { items: [ERROR], next_cursor: null });
  await show(<OverviewPage />, { me: OPERATOR });
  const card = page.getByRole("article").nth(1);
  const button = card.getByRole("link", { name: /^See the cause/ });
  await expect.element(button).toHaveAttribute("href", `/errors/${ERROR.id}`);
  await expect.element(button).toHaveAttribute("data-kind", "main");
  await expect.element(card.getByRole("link", { name: /^Open summit-buffer/ })).toBeVisible();
  await expect
    .element(card)
    .toMatchTextContent(/the staff at FYST and Cologne \(.*\+49 221 4710 100\); call them/);
  await expectAccessible();
});

test("what was given up at a step is told beside what has stopped", async () => {
  const flow = badNight.flow.map((step) => (step.step === "buffer" ? { ...step, given_up: 2 } : step));
  night({ ...badNight, flow }, badWork);
  await show(<OverviewPage />);
  await expect
    .element(page.getByRole("region", { name: "Flow" }).getByRole("link", { name: "2 given up" }))
    .toHaveAttribute("href", "/work?reason=given_up&open=given_up");
});

test("given-up work shows its last error; looking at it comes before retrying it", async () => {
  night(badNight, badWork);
  const failed = OPEN.filter(({ status }) => status === "failed");
  answer("/api/v1/open-work", { items: failed, next_cursor: null });
  await show(<OverviewPage />, { me: OPERATOR });
  const card = page.getByRole("article").nth(2);
  await expect.element(card).toMatchTextContent(/Last error: 00042.fits: sha256 is/);
  const first = card.getByRole("link", { name: /^See the 3 that failed/ });
  await expect.element(first).toHaveAttribute("data-kind", "main");
  await expect
    .element(first)
    .toHaveAttribute("href", "/work?kind=package_creation&reason=given_up&open=given_up");
  await expect
    .element(card.getByRole("button", { name: "Retry 3 package creations" }))
    .toHaveAttribute("data-kind", "plain");
});

test("a command to run names the place", async () => {
  const [card] = badNight.attention;
  const remedy =
    "Check the storage. When it is sound again, run: ccat-transfer trust LOCATION --reason TEXT.";
  const suspect = { ...(card ?? expect.fail()), rule: "location_suspect", where: "cologne-tape", remedy };
  night({ ...badNight, attention: [suspect] }, badWork);
  await show(<OverviewPage />);
  await expect
    .element(page.getByText('ccat-transfer trust cologne-tape --reason "checked, and sound again"'))
    .toBeVisible();
  await expect
    .element(page.getByRole("region", { name: "Places" }).getByRole("listitem").nth(4))
    .toMatchTextContent(/cologne-tape.*in doubt/);
});

test("what is due next says where; that a place will be full is told with the place", async () => {
  night(badNight, badWork);
  await show(<OverviewPage />);
  await expect
    .element(page.getByText(/^Next by itself, in 12 min · summit-cologne: One transfer/))
    .toBeVisible();
  await expect.element(page.getByRole("article").nth(1)).not.toMatchTextContent("in 4 h 20 min:");
  const buffer = page.getByRole("region", { name: "Places" }).getByRole("listitem").nth(2);
  await expect.element(buffer).toMatchTextContent("no room in 4 h 20 min");
  expect(buffer.element().querySelector("[data-tone]")?.getAttribute("data-tone")).toBe("act");
});

test("the flow says where it stops and leads to what is stopped", async () => {
  night(badNight, badWork);
  await show(<OverviewPage />);
  const stop = page.getByRole("region", { name: "Flow" }).getByRole("link");
  await expect.element(stop).toMatchTextContent("Route paused after failures");
  expect(stop.elements().length).toBe(1);
  await expect.element(stop).toHaveAttribute("href", "/work?open=route_circuit_open");
});

test("a suspended place is resumed from its card", async () => {
  night(badNight, badWork);
  answerCall("POST /api/v1/data-locations/chai-disk:resume", 200, {});
  await show(<OverviewPage />, { me: OPERATOR });
  await page.getByRole("button", { name: "Resume chai-disk" }).click();
  await page.getByRole("textbox", { name: "Reason (optional)" }).fill("the disk is back");
  await page.getByRole("dialog").getByRole("button", { name: "Resume chai-disk" }).click();
  await expect
    .poll(() => requests().find(({ method }) => method === "POST"))
    .toMatchObject({
      address: "/api/v1/data-locations/chai-disk:resume",
      body: { reason: "the disk is back" },
    });
  await expect.element(page.getByRole("dialog")).not.toBeInTheDocument();
});

test("who may not resume finds the button disabled with the permission", async () => {
  night(badNight, badWork);
  await show(<OverviewPage />, { me: person(["read:transfers"]) });
  const button = page.getByRole("button", { name: "Resume chai-disk" });
  await expect.element(button).toHaveAttribute("aria-disabled", "true");
  await expect.element(button).toHaveAccessibleDescription(/manage:locations/);
});

test("more than four cards are folded, and the rest is one press away", async () => {
  const cards = Array.from({ length: 6 }, (_, number) => ({
    ...(badNight.attention[0] ?? expect.fail()),
    where: `route-${number}`,
    title: `The route route-${number} is paused`,
  }));
  night({ ...badNight, attention: cards }, badWork);
  await show(<OverviewPage />);
  await expect.element(page.getByRole("article").nth(3)).toBeVisible();
  expect(page.getByRole("article").elements().length).toBe(4);
  await page.getByRole("button", { name: "Show 2 more: 2 to act on" }).click();
  expect(page.getByRole("article").elements().length).toBe(6);
});

test("what waits leads to its group, says of what and where, and whose turn it is", async () => {
  night(badNight, badWork);
  await show(<OverviewPage />);
  const rows = page.getByRole("region", { name: "What waits" }).getByRole("listitem");
  await expect
    .element(rows.first())
    .toMatchTextContent(/214.*Route paused after failures.*summit-cologne.*the staff/);
  await expect
    .element(page.getByText(/28 more wait and go on by themselves: Kept while there is room/))
    .toBeVisible();
});

test("without the report the page says why and offers to try again", async () => {
  answerCall("GET /api/v1/status", 503, {
    type: "https://ccat.example/problems/database-unreachable",
    title: "The database does not answer",
    status: 503,
    detail: "The API runs, its database does not answer.",
    request_id: "req-1",
    retry: { may: "same-request", after_seconds: 5 },
  });
  await show(<OverviewPage />);
  await expect.element(page.getByRole("alert")).toMatchTextContent("The database does not answer");
  await expect.element(page.getByRole("button", { name: /^Try again/ })).toBeVisible();
});

test("one part that fails leaves the others", async () => {
  answer("/api/v1/status", greenNight);
  answerCall("GET /api/v1/open-work/groups", 403, {
    type: "https://ccat.example/problems/forbidden",
    title: "Not allowed",
    status: 403,
    detail: "This needs the permission read:transfers.",
    request_id: "req-2",
  });
  await show(<OverviewPage />);
  await expect
    .element(page.getByRole("region", { name: "What waits" }).getByRole("alert"))
    .toMatchTextContent("read:transfers");
  await expect.element(page.getByRole("region", { name: "Places" }).getByText("summit-buffer")).toBeVisible();
});

test("an install where nothing was filed says so and what comes", async () => {
  night(emptyInstall, { ...greenWork, count: 0, bytes: 0, groups: [] });
  await show(<OverviewPage />);
  await expect
    .element(page.getByRole("heading", { level: 1 }))
    .toMatchTextContent("nothing has been filed yet");
  await expect.element(page.getByText("Nothing waits.")).toBeVisible();
  await expect.element(page.getByText("Nothing has happened yet.")).toBeVisible();
  await expectAccessible();
});

test("a phone shows verdict, attention, places and what waits; the rest is folded with its answer", async () => {
  night(badNight, badWork);
  await show(<OverviewPage />, { width: "narrow" });
  await expect.element(page.getByRole("region", { name: "Places" }).getByText("summit-buffer")).toBeVisible();
  await expect.element(page.getByText("stops at Buffer, Link")).toBeVisible();
  expect(page.getByText("Last events").element().closest("details")?.open).toBe(false);
  expectNoSidewaysScroll();
  await expectAccessible();
});

test("hostile names and messages stand as text", async () => {
  const card = badNight.attention[0] ?? expect.fail();
  night(
    {
      ...badNight,
      attention: [{ ...card, title: HOSTILE.markup, why: HOSTILE.long, remedy: HOSTILE.rightToLeft }],
      locations: badNight.locations.map((place) => ({ ...place, id: HOSTILE.long })).slice(0, 1),
      recent: badNight.recent.map((event) => ({ ...event, message: HOSTILE.markup })),
    },
    badWork,
  );
  await show(<OverviewPage />, { width: "narrow" });
  await expect.element(page.getByRole("article").getByRole("heading")).toMatchTextContent(HOSTILE.markup);
  expect(document.querySelector("main img, article img")).toBeNull();
  expectNoSidewaysScroll();
});

test("only a place that is emptied by its level shows where that begins and ends; the others say their rule", async () => {
  const [one = expect.fail(), ...others] = greenNight.locations.filter(({ deletes }) => deletes !== null);
  const locations = [
    { ...one, deletes: "when_archived" },
    ...others.map((other) => ({ ...other, deletes: null })),
  ];
  night({ ...greenNight, locations }, greenWork);
  await show(<OverviewPage />);
  const places = page.getByRole("region", { name: "Places" });
  const bars = places.getByRole("meter");
  await expect
    .element(bars.first())
    .toHaveAttribute("aria-valuetext", expect.stringContaining("kept until archived"));
  await expect
    .element(bars.nth(1))
    .toHaveAttribute("aria-valuetext", expect.stringContaining("nothing is deleted"));
  expect(places.getByText("deleting begins").elements()).toEqual([]);
  for (const bar of bars.elements()) expect(bar.getAttribute("aria-valuetext")).not.toContain("watermarks");
});

test("open errors are counted by severity, and the last events lead to what they are of", async () => {
  night(badNight, badWork);
  await show(<OverviewPage />, { me: OPERATOR });
  const counts = page.getByRole("region", { name: "Open errors" }).getByRole("link");
  const open = Object.entries(badNight.errors).filter(([, count]) => count > 0);
  await expect.element(counts.first()).toBeVisible();
  expect(counts.elements().map((link) => link.getAttribute("href"))).toEqual(
    open.map(([severity]) => `/errors?severity=${severity}`),
  );
  for (const [index, [severity, count]] of open.entries()) {
    expect(counts.nth(index).element().textContent).toBe(`${count}${severity}`);
  }
  const events = page.getByRole("region", { name: "Last events" }).getByRole("listitem");
  await expect.element(events.first()).toMatchTextContent(badNight.recent[0]?.message ?? "-");
  expect(events.elements().length).toBe(3);
});

test("what is counted and not measured says when it was counted", async () => {
  const [measured = expect.fail(), other = expect.fail()] = greenNight.locations;
  const archive = { ...other, id: "us.lta", used_bytes: null, packages: 1_204, package_bytes: 30e12 };
  night({ ...greenNight, counted_at: "2026-03-02T05:59:35Z", locations: [measured, archive] }, greenWork);
  await show(<OverviewPage />);
  const places = page.getByRole("region", { name: "Places" }).getByRole("listitem");
  await expect.element(places.nth(1)).toMatchTextContent("1 204 packages, 30.0 TB, counted 25 s ago");
  await expect.element(places.nth(0)).not.toMatchTextContent("counted");
});

test("a telephone says the first thing in the heading, and the others in the cards below", async () => {
  const sentence = "a is 84 % full, no room in 35 min; the route b is paused; 8 more things need attention.";
  night({ ...badNight, verdict: { ...badNight.verdict, sentence } }, badWork);
  await show(<OverviewPage />, { me: OPERATOR, width: "narrow" });
  await expect
    .element(page.getByRole("heading", { level: 1 }))
    .toMatchTextContent(/^a is 84 % full, no room in 35 min, and more below\.$/);
});

test("on the wall stand verdict, cards, flow and places, with nothing to press", async () => {
  night(badNight, badWork);
  answerNames();
  await show(<OverviewPage isWall />, { me: OPERATOR, width: "wide" });
  await expect
    .element(page.getByRole("article").first())
    .toMatchTextContent(/Call\s*FYST: data-centre@ccat\.example\.orgCologne: night shift, \+49 221 4710 100/);
  await expect.element(page.getByRole("region", { name: "Flow" })).toBeVisible();
  await expect.element(page.getByRole("region", { name: "Places" })).toBeVisible();
  expect(page.getByRole("region", { name: "What waits" }).elements()).toEqual([]);
  expect(page.getByRole("button").elements()).toEqual([]);
});

test("the wall names the cards for which it has no room", async () => {
  const [card] = badNight.attention;
  if (card === undefined) throw new Error("the bad night has no card");
  const severities = ["act", "act", "act", "act", "act", "watch", "watch"] as const;
  const attention = severities.map((severity, at) => ({ ...card, severity, title: `card ${at}` }));
  night({ ...badNight, attention }, badWork);
  answerNames();
  await show(<OverviewPage isWall />, { me: OPERATOR, width: "wide" });
  await expect
    .element(page.getByText("1 more to act on: card 4; 2 more to watch: card 5 · card 6"))
    .toBeVisible();
});
