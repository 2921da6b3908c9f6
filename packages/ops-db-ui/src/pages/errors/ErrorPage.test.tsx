import { beforeEach, expect, test } from "vitest";
import { page } from "vitest/browser";
import { answerNames } from "~/api/names.fixtures";
import { ErrorPage } from "~/pages/errors/ErrorPage";
import { ErrorsPage } from "~/pages/errors/ErrorsPage";
import { ERROR, HELD_UP, OF_SITES, OPEN_TRANSFER, PAUSED_ROUTE } from "~/pages/errors/errors.fixtures";
import { FIRST_VIEW } from "~/pages/errors/first-view";
import { KnownErrorPage } from "~/pages/errors/KnownErrorPage";
import { AT, badNight } from "~/pages/overview/nights.fixtures";
import { CATEGORIES, TRANSFER } from "~/pages/work/work.fixtures";
import { answer, answerCall, requests } from "~tests/answers";
import { stopClock } from "~tests/clock";
import { expectAccessible, expectNoSidewaysScroll, person, show } from "~tests/show";

const OPERATOR = person([
  "read:errors",
  "acknowledge:errors",
  "read:locations",
  "read:events",
  "read:transfers",
]);
const NO_ROWS = { items: [], next_cursor: null };

beforeEach(() => {
  stopClock(AT);
  answer(`/api/v1/errors/${ERROR.id}` as "/api/v1/errors/{error_id}", ERROR);
  answer("/api/v1/errors", { items: [ERROR], next_cursor: null });
  answer("/api/v1/events", NO_ROWS);
  answer("/api/v1/error-categories", {
    items: [
      {
        code: "location_suspect",
        text: "Location in doubt",
        meaning: "Many copies at the location failed at once.",
        remedy: "Check the storage. When it is sound again, run: ccat-transfer trust LOCATION --reason TEXT.",
        next: "It is tried again by itself, after pauses that grow up to half an hour.",
        turn: "site",
        help: "errors",
        before_retry: "",
        while_it_lasts:
          "Check the storage. When it is sound again, run: ccat-transfer trust LOCATION --reason TEXT.",
        error_class: "transient",
      },
    ],
  });
});

test("an error says what it is, where, since when, who is on it and what to do", async () => {
  await show(<ErrorPage id={ERROR.id} />, { me: OPERATOR });
  await expect
    .element(page.getByRole("heading", { level: 1 }))
    .toMatchTextContent("Location in doubtat us.lta");
  const wrong = page.getByRole("region", { name: "What is wrong" });
  await expect.element(wrong).toMatchTextContent(/nobody yet/);
  await expect.element(wrong.getByRole("button", { name: "Acknowledge" })).toBeVisible();
  await expect.element(wrong).toMatchTextContent(/“I look after it”; it stays open/);
  const todo = page.getByRole("region", { name: "What to do" });
  await expect.element(todo.getByText(/^ccat-transfer trust us\.lta --reason/)).toBeVisible();
  await expect
    .element(todo.getByRole("link", { name: "See the state of us.lta" }))
    .toHaveAttribute("href", "/places/locations/us.lta");
  await expect.element(page.getByText("Nothing changes until somebody acts.")).toBeVisible();
  await expectAccessible();
});

test("one of a transfer says what it holds up, when it is tried, by whom it is mended, and both ends", async () => {
  answerNames();
  answer(`/api/v1/errors/${ERROR.id}` as "/api/v1/errors/{error_id}", {
    ...ERROR,
    subject_type: "data_transfer",
    subject_id: TRANSFER.id,
    location: TRANSFER.source_location,
    category: "timeout",
  });
  answer("/api/v1/error-categories", OF_SITES);
  answer("/api/v1/open-work", { items: [OPEN_TRANSFER], next_cursor: null });
  answer(`/api/v1/routes/${TRANSFER.route}` as "/api/v1/routes/{name}", PAUSED_ROUTE);
  answer("/api/v1/open-work/groups", HELD_UP);
  await show(<ErrorPage id={ERROR.id} />, { me: OPERATOR });
  await expect
    .element(page.getByRole("heading", { level: 1 }))
    .toMatchTextContent(/on the route summit-cologne/);
  const held = page.getByRole("region", { name: "What it holds up" });
  await expect.element(held).toMatchTextContent(/Route summit-cologne paused/);
  await expect
    .element(held.getByRole("link", { name: "214: Route paused after failures" }))
    .toHaveAttribute("href", "/work?route=summit-cologne&reason=route_circuit_open&open=route_circuit_open");
  const todo = page.getByRole("region", { name: "What to do" });
  await expect
    .element(todo)
    .toMatchTextContent(
      "Whose turn: the staff at FYST and Cologne (FYST: data-centre@ccat.example.org; Cologne: night shift, +49 221 4710 100).",
    );
  await expect
    .element(todo.getByRole("link", { name: "See this data transfer" }))
    .toHaveAttribute("href", `/work/data-transfers/${TRANSFER.id}`);
  await expect.element(todo.getByRole("link", { name: "See the state of cologne-buffer" })).toBeVisible();
  const concerned = page.getByRole("region", { name: "What it concerns" });
  await expect.element(concerned.getByText("Next try")).toBeVisible();
  await expectAccessible();
});

test("one that has ended asks for nothing", async () => {
  answer(`/api/v1/errors/${ERROR.id}` as "/api/v1/errors/{error_id}", {
    ...ERROR,
    resolved_at: "2026-03-14T05:00:00Z",
  });
  await show(<ErrorPage id={ERROR.id} />, { me: OPERATOR });
  await expect.element(page.getByText("Nothing: it has ended.")).toBeVisible();
  expect(page.getByRole("button", { name: "Acknowledge" }).elements()).toEqual([]);
});

test("the list says bytes in units and checksums by their beginning", async () => {
  const checksum = "xxh3-128:0ae34af91c550d00a11556a577f92d6b";
  const message = `the copy has 46,298,992,320 bytes and ${checksum}`;
  answer("/api/v1/errors", { items: [{ ...ERROR, message }], next_cursor: null });
  await show(<ErrorsPage />, { me: OPERATOR, at: `/errors?${new URLSearchParams(FIRST_VIEW)}` });
  await expect
    .element(page.getByRole("link", { name: "the copy has 46.3 GB and xxh3-128:0ae34a…" }))
    .toBeVisible();
});

test.each(["narrow", "normal"] as const)(
  "the list says each in short, and who is on it: %s",
  async (width) => {
    await show(<ErrorsPage />, { me: OPERATOR, width, at: `/errors?${new URLSearchParams(FIRST_VIEW)}` });
    await expect
      .element(page.getByRole("link", { name: "us.lta is in doubt: 5 copies failed within 10 min" }))
      .toHaveAttribute("href", `/errors/${ERROR.id}`);
    await expect.element(page.getByText("nobody yet")).toBeVisible();
    await expectAccessible();
    expectNoSidewaysScroll();
  },
);

test("what failures took out of service comes first, with what it holds up and its next try", async () => {
  answerNames();
  answer("/api/v1/status", badNight);
  await show(<ErrorsPage />, { me: OPERATOR, at: `/errors?${new URLSearchParams(FIRST_VIEW)}` });
  const outages = page.getByRole("table", { name: "Outages" });
  await expect
    .element(outages)
    .toMatchTextContent(
      /The route summit-cologne is paused.*214 packages \(7.9 TB\) wait.*in 12 min.*the staff at FYST and Cologne \(.*\+49 221 4710 100\).*nobody yet/,
    );
  await expect
    .element(outages.getByRole("link", { name: /The route summit-cologne is paused/ }))
    .toHaveAttribute("href", "/work?route=summit-cologne");
  expect(outages.getByText(/buffer is 87 % full/).elements()).toEqual([]);
  await expectAccessible();
});

test("the history of an error says how often it was met, and what was done since", async () => {
  const met = {
    ...ERROR,
    subject_type: "data_transfer_route",
    subject_id: "summit-cologne",
    count: 31,
    first_seen_at: "2026-03-01T22:00:00Z",
    last_seen_at: "2026-03-02T03:00:00Z",
  };
  answer(`/api/v1/errors/${ERROR.id}` as "/api/v1/errors/{error_id}", met);
  await show(<ErrorPage id={ERROR.id} />, { me: OPERATOR });
  await expect
    .element(page.getByRole("region", { name: "What happened since" }))
    .toMatchTextContent(
      "It was met 31 times from 2026-03-01 22:00:00Z to 2026-03-02 03:00:00Z, on average every 10 min.",
    );
  const asked = requests().find(({ address }) => address.startsWith("/api/v1/events?"))?.address;
  expect(asked).toContain("since=2026-03-01T22%3A00%3A00Z");
  expect(asked).toContain(`subject_id=${ERROR.id}&subject_id=summit-cologne`);
});

test("where none is open, it says since when", async () => {
  answer("/api/v1/errors", { items: [], next_cursor: null });
  const ended = { ...ERROR, last_seen_at: "2026-03-02T04:00:00Z", resolved_at: "2026-03-02T05:00:00Z" };
  answerCall("GET /api/v1/errors?sort=-last_seen_at&limit=1", 200, { items: [ended], next_cursor: null });
  await show(<ErrorsPage />, { me: OPERATOR, at: `/errors?${new URLSearchParams(FIRST_VIEW)}` });
  await expect.element(page.getByText("No error is open.")).toBeVisible();
  await expect.element(page.getByText("The last one was seen 2 h ago and ended 1 h ago.")).toBeVisible();
  await expectAccessible();
});

test("filters of one's own that leave nothing are named", async () => {
  answer("/api/v1/errors", { items: [], next_cursor: null });
  await show(<ErrorsPage />, { me: OPERATOR, at: "/errors?open=true&severity=critical" });
  await expect.element(page.getByText("None match.")).toBeVisible();
});

test("a kind of error says its cause, what to do, which are open, and retries all that was given up for it", async () => {
  const [known] = CATEGORIES.items;
  if (known === undefined) throw new Error("there are categories");
  answer("/api/v1/error-categories", CATEGORIES);
  answer("/api/v1/open-work/groups", {
    ...HELD_UP,
    groups: HELD_UP.groups.map((group) => ({ ...group, can: { retry: 3, cancel: 0 } })),
  });
  await show(<KnownErrorPage code={known.code} />, {
    me: person([...OPERATOR.permissions, "manage:transfers"]),
  });
  await expect.element(page.getByRole("heading", { level: 1 })).toMatchTextContent(known.text);
  await expect.element(page.getByText(known.meaning)).toBeVisible();
  await expect.element(page.getByRole("button", { name: "Retry 3" })).toBeVisible();
  await expect.element(page.getByRole("table", { name: "Open errors of this kind" })).toBeVisible();
  const asked = requests().filter(({ address }) => address.startsWith("/api/v1/errors?"));
  expect(asked.every(({ address }) => address.includes(`category=${known.code}`))).toBe(true);
  await expectAccessible();
});

test("a kind of error that does not exist is not found", async () => {
  await show(<KnownErrorPage code="no_such" />, { me: OPERATOR });
  await expect.element(page.getByText("There is nothing at this address, or not yet.")).toBeVisible();
});

test("one of a file, which has no page, leads to its observation", async () => {
  const file = "01a22a1e-429b-70f1-b51a-fe47bfc250aa";
  const execution = "01a22a1e-429b-70f1-b51a-fe47bfc250bb";
  answer(`/api/v1/errors/${ERROR.id}` as "/api/v1/errors/{error_id}", {
    ...ERROR,
    subject_type: "raw_data_file",
    subject_id: file,
  });
  answerCall(`GET /api/v1/raw-data-files/${file}`, 200, {
    id: file,
    execution_id: execution,
    relative_path: "night/scan-7.fits",
  });
  await show(<ErrorPage id={ERROR.id} />, { me: OPERATOR });
  const concerned = page.getByRole("region", { name: "What it concerns" });
  await expect
    .element(concerned.getByRole("link", { name: /\(night\/scan-7\.fits\), in its observation$/ }))
    .toHaveAttribute("href", `/observations/${execution}`);
});
