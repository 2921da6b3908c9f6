import { expect, test } from "vitest";
import { page } from "vitest/browser";
import { State } from "~/components/State";
import { expectAccessible, expectNoSidewaysScroll, HOSTILE, setMedia, show } from "~tests/show";

const STATES = ["archived", "running", "watch", "failed", "cancelled"] as const;

test.each(STATES)("%s is an icon and a word", async (state) => {
  await show(<State of={state} />);
  await expect.element(page.getByText(state)).toBeVisible();
  expect(document.querySelectorAll("[data-tone] svg")).toHaveLength(1);
  await expectAccessible();
});

test("a word may say more", async () => {
  await show(<State of="act" word="act 3" />);
  await expect.element(page.getByText("act 3")).toBeVisible();
});

test("tones differ without colour: by icon and by frame", async () => {
  await show(STATES.map((state) => <State key={state} of={state} />));
  await expect.element(page.getByText("archived")).toBeVisible();
  const marks = [...document.querySelectorAll<HTMLElement>("[data-tone]")];
  const icons = new Set(marks.map((mark) => mark.querySelector("svg")?.innerHTML));
  const frames = new Set(
    marks.map((mark) => {
      const { borderTopStyle, borderTopColor, backgroundColor } = getComputedStyle(mark);
      const isSeen = borderTopColor !== "rgba(0, 0, 0, 0)";
      return `${isSeen ? borderTopStyle : "none"} ${borderTopColor === backgroundColor ? "filled" : "open"}`;
    }),
  );
  expect(icons.size).toBe(5);
  expect(frames.size).toBe(5);
});

test("with forced colours every state keeps a frame", async () => {
  await setMedia("forced-colors", "active");
  await show(<State of="archived" />);
  await expect.element(page.getByText("archived")).toBeVisible();
  const mark = document.querySelector<HTMLElement>("[data-tone]");
  expect(mark === null ? null : getComputedStyle(mark).borderTopStyle).toBe("solid");
  await setMedia("forced-colors", "none");
});

test.each(Object.entries(HOSTILE))(
  "a state of %s is text and stays inside a narrow window",
  async (_name, text) => {
    await show(<State of={text} />, { width: "narrow" });
    await expect.element(page.getByText(text.replaceAll("_", " "))).toBeInTheDocument();
    expectNoSidewaysScroll();
    expect(Reflect.get(window, "hit")).toBeUndefined();
  },
);
