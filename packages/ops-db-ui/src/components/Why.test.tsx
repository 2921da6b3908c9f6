import { expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { answerNames } from "~/api/names.fixtures";
import { Why } from "~/components/Why";
import { answer } from "~tests/answers";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, person, show } from "~tests/show";

const READER = person(["read:transfers"]);

function answerReasons() {
  answer("/api/v1/waiting-reasons", {
    items: [
      {
        code: "route_circuit_open",
        text: "Route paused after failures",
        meaning: "Transfers failed.",
        remedy: "See the errors of the route.",
        next: "One transfer tries the route.",
        turn: "site",
        help: "place",
      },
    ],
  });
}

const WAITS = { reason: "route_circuit_open", since: "2026-03-02T04:05:06Z", subject: "p1" } as const;

test("says the reason, the detail and whose turn it is in words", async () => {
  answerReasons();
  await show(<Why {...WAITS} detail="fyst-cologne, 5 failures" nextAt="2026-03-02T05:00:00Z" />, {
    me: READER,
  });
  await expect.element(page.getByRole("button", { name: "Route paused after failures" })).toBeVisible();
  await expect.element(page.getByText("fyst-cologne, 5 failures")).toBeVisible();
  await expect.element(page.getByText(/turn: the staff of the site/)).toBeVisible();
  await expectAccessible();
});

test("names whose turn it is by the route that the detail names", async () => {
  answerReasons();
  answerNames();
  const detail = "summit-cologne rests until 06:12 after 6 failures in a row";
  await show(<Why {...WAITS} detail={detail} />, { me: person(["read:transfers", "read:locations"]) });
  await expect.element(page.getByText("turn: the staff at FYST and Cologne")).toBeVisible();
});

test("what was given up names nobody of its own: whose turn it is depends on its error", async () => {
  answer("/api/v1/waiting-reasons", {
    items: [
      {
        code: "given_up",
        text: "Given up",
        meaning: "It failed too often.",
        remedy: "Retry it.",
        next: "Nothing changes until somebody acts.",
        turn: "operator",
        help: "work",
      },
    ],
  });
  await show(<Why {...WAITS} reason="given_up" detail={null} />, { me: READER });
  await expect.element(page.getByRole("button", { name: "Given up" })).toBeVisible();
  expect(page.getByText(/turn:/).elements()).toEqual([]);
});

test("a reason that this version does not know stands as the API names it", async () => {
  answerReasons();
  await show(<Why {...WAITS} reason="some_new_reason" detail={null} />, { me: READER });
  await expect.element(page.getByRole("button", { name: "some new reason" })).toBeVisible();
});

test("what does not wait says nothing", async () => {
  const { container } = await show(<Why reason={null} detail={null} since={null} />, { me: READER });
  expect(container.textContent).toBe("");
});

test("opens the whole answer as steps, and gives the focus back", async () => {
  answerReasons();
  answer("/api/v1/why/p1" as "/api/v1/why/{subject}", {
    subject_type: "raw_data_package",
    subject_id: "p1",
    state: "transferring",
    summary: "It waits for its route.",
    steps: [
      {
        subject_type: "data_transfer",
        subject_id: "t1",
        what: `Transfer ${HOSTILE.markup}`,
        status: "pending",
        reason: "route_circuit_open",
        detail: HOSTILE.long,
        since: "2026-03-02T04:05:06Z",
        next: null,
        next_at: "2026-03-02T05:00:00Z",
        turn: "site",
        remedy: "Tell whoever runs the network.",
      },
    ],
  });
  await show(<Why {...WAITS} detail={null} />, { me: READER, width: "narrow" });
  const button = page.getByRole("button", { name: "Route paused after failures" });
  await button.click();
  const dialog = page.getByRole("dialog", { name: "Why: Route paused after failures" });
  await expect.element(dialog.getByText("It waits for its route.")).toBeVisible();
  await expect.element(dialog.getByText(`Transfer ${HOSTILE.markup}`)).toBeVisible();
  await expect.element(dialog.getByText("Tell whoever runs the network.")).toBeVisible();
  await expect.element(dialog.getByText(/^One transfer tries the route\./)).toBeVisible();
  await expect.element(dialog.getByRole("link", { name: "Help" })).toHaveAttribute("href", "/help/place");
  await expectAccessible();
  expectNoSidewaysScroll();
  await userEvent.keyboard("{Escape}");
  await expect.element(dialog).not.toBeInTheDocument();
  expect(document.activeElement).toBe(button.element());
});
